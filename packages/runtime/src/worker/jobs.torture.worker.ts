/** Jobs for the pool's own test. */
export const double = (input: unknown): number => Number(input) * 2

export const sleep = (input: unknown): unknown => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(input))
  return input
}

export const fail = (): never => {
  throw new Error("refused")
}

export const die = (): never => process.exit(3)
