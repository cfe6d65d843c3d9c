/** Runs the program itself, as its users do, with a data directory and ports of its own. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createServer, type IncomingMessage } from "node:http"

/** Commands that look something up and end. V8 would compile the database's WebAssembly for them a second time, for a speed that they never use. */
const shortCommands = ["alerts", "audit", "consumers", "models"]

const entry = new URL("../../bin/evenkeel.js", import.meta.url).pathname

export interface Program {
  readonly process: ChildProcess
  readonly output: () => string
  readonly errors: () => string
  /** Exit code, or the signal's name. */
  readonly exit: Effect.Effect<number | string>
}

/** Killed when the scope closes, if it still runs. */
export const startProgram = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync((): Program => {
      const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(EVENKEEL|OTEL|VITEST)/.test(name)))
      const child = spawn(process.execPath, [...(shortCommands.includes(args[0] ?? "") ? ["--liftoff-only"] : []), entry, ...args], {
        env: { ...inherited, ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let output = ""
      let errors = ""
      child.stdout!.on("data", (chunk: Buffer) => {
        output += chunk.toString()
      })
      child.stderr!.on("data", (chunk: Buffer) => {
        errors += chunk.toString()
      })
      let ended: number | string | undefined
      const waiting: Array<(end: number | string) => void> = []
      child.on("exit", (code, signal) => {
        ended = code ?? signal ?? 0
        for (const tell of waiting) tell(ended)
      })
      return {
        process: child,
        output: () => output,
        errors: () => errors,
        exit: Effect.callback<number | string>((resume) => {
          if (ended !== undefined) return resume(Effect.succeed(ended))
          waiting.push((end) => resume(Effect.succeed(end)))
        })
      }
    }),
    (program) =>
      Effect.sync(() =>
        program.process.exitCode === null && program.process.signalCode === null ? program.process.kill("SIGKILL") : false
      )
  )

/** Waits until `test` holds; fails with what the program said otherwise. */
export const until = (what: string, test: () => boolean, seconds: number, program?: Program) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < seconds * 50; turn++) {
      if (test()) return
      yield* Effect.sleep("20 millis")
    }
    return yield* Effect.die(new Error(`not within ${seconds} s: ${what}\n${program?.output() ?? ""}\n${program?.errors() ?? ""}`))
  })

/** An HTTP server on loopback that hands each request's body over, and answers an empty object or the body that it is given. */
export const serve = (handle: (request: IncomingMessage, body: Buffer) => number | { readonly status: number; readonly body: unknown }) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => {
            const answer = handle(request, Buffer.concat(chunks))
            const { body, status } = typeof answer === "number" ? { status: answer, body: {} } : answer
            response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
          })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            close: () => {
              server.closeAllConnections()
              server.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** What a run says when it has drained and lost nothing. */
export const lastWords = /stopped after .* frames received \(0 dropped\), \d+ level changes, 0 notifications left/
