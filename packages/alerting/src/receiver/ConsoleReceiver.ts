/** Prints alerts for people, on standard output. */
import { Console } from "effect"
import { textOf } from "../render/Message.ts"
import type { Receiver } from "./Receiver.ts"

export const consoleReceiver = (options: { readonly color: boolean }): Receiver => ({
  name: "console",
  deliver: (notification) => Console.log(textOf(notification, options.color))
})
