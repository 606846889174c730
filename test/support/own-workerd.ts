// A test file that imports this, or what imports it, runs in a workerd of its own (scripts/test-projects.ts): its tests
// leave work behind in the isolate, as a Worker that dies does, or they need an isolate in which no other test has.
