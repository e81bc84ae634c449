"""The sample function: greets whoever the event names, and says where it ran."""

import os
import platform


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {
        "greeting": f"Hello, {name}!",
        "function": context.function_name,
        "version": context.function_version,
        "python": platform.python_version(),
        "log_stream": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
    }
