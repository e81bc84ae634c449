"""Custom runtimes: any `bootstrap` that works on AWS, over the Runtime API."""
