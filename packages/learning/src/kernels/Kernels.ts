/** The compiled kernels over a memory that threads share. `prepare` builds them from `assembly/kernels.ts` when the project is installed. */
import { readFileSync } from "node:fs"

export interface Kernels {
  readonly walkTrees: (nodes: number, roots: number, trees: number, depth: number, row: number, out: number) => void
  readonly dense: (weights: number, biases: number, from: number, to: number, inputs: number, outputs: number) => void
  readonly dot: (weights: number, from: number, inputs: number, out: number) => void
  readonly kernelSum: (supports: number, weights: number, count: number, features: number, gamma: number, row: number, out: number) => void
}

/**
 * A WebAssembly memory that threads share. It is named here by what is used of it, since Node's types have none of WebAssembly and the
 * browser's are not loaded: whoever compiles against these packages needs neither.
 */
export interface KernelMemory {
  readonly buffer: SharedArrayBuffer
}

const pageBytes = 65_536
/** As `prepare` declares it: the least and the most that the module accepts. */
const pagesMin = 16
const pagesMax = 1024

/** A memory of at least so many bytes, of a fixed size from now on. */
export const allocateKernelMemory = (bytes: number): KernelMemory =>
  new WebAssembly.Memory({ initial: Math.max(pagesMin, Math.ceil(bytes / pageBytes)), maximum: pagesMax, shared: true })

let compiled: WebAssembly.Module | undefined

export const loadKernels = (memory: KernelMemory): Kernels => {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../build/kernels.wasm", import.meta.url)))
  const { dense, dot, kernelSum, walkTrees } = new WebAssembly.Instance(compiled, { env: { memory } }).exports
  return { dense, dot, kernelSum, walkTrees } as Record<keyof Kernels, unknown> as Kernels
}
