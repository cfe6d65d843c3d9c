/** How far a long command is, in one line of standard error that it writes over; a line now and then where that is no terminal. */
import { Effect } from "effect"

const width = 30

export const progressBar = (title: string) =>
  Effect.sync(() => {
    const terminal = process.stderr.isTTY === true
    const began = performance.now()
    return (done: number, of: number, what: string) =>
      Effect.sync(() => {
        const filled = Math.round((width * done) / of)
        const left = Math.round((((performance.now() - began) / 1000) * (of - done)) / Math.max(1, done))
        const line = `${title} [${"█".repeat(filled)}${"░".repeat(width - filled)}] ${done}/${of} ${what}, some ${left} s left`
        if (terminal) process.stderr.write(`\r\u001B[2K${line}${done === of ? "\n" : ""}`)
        else if (done === of || done % 10 === 0) process.stderr.write(`${line}\n`)
      })
  })
