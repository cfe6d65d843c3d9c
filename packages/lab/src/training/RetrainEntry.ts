/** Where the thread begins that trains a model while an engine runs: that engine imports no more of training than this. */
export const retrainEntry = new URL("./retrain.worker.ts", import.meta.url)

/** What the thread is given as `workerData`. It posts `{ model }`, the model's bytes, or `{ failed }`, why there is none. */
export interface RetrainOrder {
  /** Of price files. */
  readonly directory: string
  readonly name: string
  readonly seed: number
}

export type RetrainAnswer = { readonly model: Uint8Array } | { readonly failed: string }
