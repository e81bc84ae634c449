"""Node.js: a runtime client of our own, in JavaScript, on the Node binaries that this host has.

`inside/` is what runs there: `bootstrap.mjs` first, then `handlers.mjs` (finding the function),
`console.mjs` (its log), `errors.mjs` (its failures) and `streaming.mjs`.
"""
