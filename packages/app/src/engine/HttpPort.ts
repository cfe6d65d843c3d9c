/** Whether the API can listen where it should, asked before anything else is started. */
import { Effect, Schema } from "effect"
import { createServer } from "node:net"
import type { EngineConfig } from "../config/EngineConfig.ts"

export const portAdvice = "stop what listens there, or choose another port with EVENKEEL_HTTP_PORT"

/** The API cannot listen where it should. */
export class PortUnavailable extends Schema.TaggedError<PortUnavailable>()("PortUnavailable", {
  host: Schema.String,
  port: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.host}:${this.port}: ${this.problem}\n${portAdvice}`
  }
}

/** Listens for a moment. */
export const tryPort = ({ host, port }: EngineConfig["http"]) =>
  Effect.callback<void, PortUnavailable>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(new PortUnavailable({ host, port, problem: error.message })))
    server.listen(port, host, () => server.close(() => resume(Effect.void)))
  })
