// What a worker has here.

postMessage("Suspending" in WebAssembly);
