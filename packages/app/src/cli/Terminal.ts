/**
 * The terminal's edge: every text that a command prints or logs goes through it, and what venues, nodes and files have put into a text cannot control the
 * terminal. The live screen, which does, writes past it and escapes what it shows.
 */
import { plainLines } from "@evenkeel/runtime/telemetry/PlainText"
import * as Console from "effect/Console"
import * as Layer from "effect/Layer"

const plain =
  (print: Console.Console["log"]): Console.Console["log"] =>
  (...texts) =>
    print(...texts.map((text: unknown) => (typeof text === "string" ? plainLines(text) : text)))

export const plainConsole = (under: Console.Console): Console.Console => ({
  ...under,
  debug: plain(under.debug),
  error: plain(under.error),
  info: plain(under.info),
  log: plain(under.log),
  trace: plain(under.trace),
  warn: plain(under.warn)
})

export const layerTerminal = Layer.succeed(Console.Console, plainConsole(globalThis.console))
