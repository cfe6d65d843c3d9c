/** A thread of the worker pool: loads the module that a job names and calls its function. */
import { parentPort } from "node:worker_threads"

interface Request {
  readonly module: string
  readonly function: string
  readonly input: unknown
}

const port = parentPort!

port.on("message", async (request: Request) => {
  try {
    const module = (await import(request.module)) as Readonly<Record<string, (input: unknown) => unknown>>
    const job = module[request.function]
    if (job === undefined) throw new Error(`${request.module} has no function ${request.function}`)
    port.postMessage({ value: await job(request.input) })
  } catch (failed) {
    port.postMessage({ failed: failed instanceof Error ? failed.message : String(failed) })
  }
})
