// Node.js that does nothing.
setInterval(() => undefined, 60_000);
