/**
 * Starts the program again in the Node of the `node` package, for users whose own Node is too old. It runs in that old Node, so it is plain
 * JavaScript of its time.
 *
 * The two processes are one to whoever watches: same input and output, same signals, same exit code.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"]

/** Where npm put the `node` package's binary; undefined where the package or its binary was left out of the installation. */
const findNode = () => {
  try {
    const home = dirname(createRequire(import.meta.url).resolve("node/package.json"))
    return ["node.exe", "node"].map((name) => join(home, "bin", name)).find((path) => existsSync(path))
  } catch {
    return undefined
  }
}

export const startInNewerNode = (entry, nodeMin) => {
  const node = findNode()
  if (node === undefined) {
    process.stderr.write(
      `evenkeel needs Node ${nodeMin} or newer, and this is Node ${process.versions.node}.\n` +
        "Install a newer Node, or install evenkeel again with its optional packages and their install scripts: they bring one.\n"
    )
    process.exitCode = 1
    return
  }
  const child = spawn(node, ["--single-threaded-gc", entry, ...process.argv.slice(2)], { stdio: "inherit" })
  // A terminal's Ctrl-C reaches both processes, and the program takes a second signal for the first.
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on("error", (error) => {
    process.stderr.write(`${node} does not start: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on("exit", (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal === null) process.exitCode = code
    else process.kill(process.pid, signal)
  })
}
