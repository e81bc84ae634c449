"""Node.js: a runtime client of our own, in JavaScript, on the Node binaries that this host has.

`inside/` is what runs there: `bootstrap.mjs` first, then `handlers.mjs` (finding the function),
`buffered.mjs` and `streaming.mjs` (one call of it), `console.mjs` (its log) and `errors.mjs` (its
failures).
"""
