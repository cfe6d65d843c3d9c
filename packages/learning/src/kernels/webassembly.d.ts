/** What is used of the WebAssembly interface; Node's own types leave it to the browser's, which this project does not load. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: SharedArrayBuffer
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: { readonly buffer: SharedArrayBuffer } } })
    readonly exports: Readonly<Record<string, unknown>>
  }
}
