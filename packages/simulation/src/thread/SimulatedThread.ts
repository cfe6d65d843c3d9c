/**
 * The hot path's thread as steps of the simulation: the same loop over the same rings, which can be made to hang, or to die over a frame.
 */
import { decoderOf } from "@evenkeel/connectors/exchange/Decoders"
import { type HotPathLoop, makeHotPathLoop } from "@evenkeel/detection/host/HotPathLoop"
import type { HotPathThreadHandlers, StartHotPathThread } from "@evenkeel/detection/host/HotPathThreads"
import { FrameConsumer } from "@evenkeel/runtime/ring/FrameRing"
import { Result } from "effect"
import type { Outside, SimulatedTime } from "../time/SimulatedTime.ts"

interface Running {
  readonly loop: HotPathLoop
  readonly frames: FrameConsumer
  readonly handlers: HotPathThreadHandlers
  readonly terminated: () => void
}

/** A machine's one hot path thread, and the next one when that has ended. */
export class SimulatedThreads implements Outside {
  #hangingSince: number | undefined
  readonly #time: SimulatedTime
  #startedAt = 0
  #running: Running | undefined
  /** Frames until the thread dies; Infinity: it lives. */
  #framesLeft = Number.POSITIVE_INFINITY
  #judged = false

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  /** While true the thread takes no steps. */
  get hanging(): boolean {
    return this.#hangingSince !== undefined
  }

  set hanging(hanging: boolean) {
    this.#hangingSince = hanging ? (this.#hangingSince ?? this.#time.elapsed) : undefined
  }

  /** How long it has taken none, ms. */
  get hangsFor(): number {
    return this.#hangingSince === undefined ? 0 : this.#time.elapsed - this.#hangingSince
  }

  /** How long the present thread has been there, ms. */
  get age(): number {
    return this.#time.elapsed - this.#startedAt
  }

  /** The thread dies over the frame after `frames` others: before it looks at it, or once it has judged it and before it says so. */
  dieAfter(frames: number, judged: boolean): void {
    this.#framesLeft = frames
    this.#judged = judged
  }

  /** The process is gone, and its thread with it. */
  abandon(): void {
    this.#running = undefined
  }

  get loop(): HotPathLoop | undefined {
    return this.#running?.loop
  }

  readonly start: StartHotPathThread = (data, handlers) => {
    this.#startedAt = this.#time.elapsed
    this.hanging = false
    this.#framesLeft = Number.POSITIVE_INFINITY
    let terminated = () => {}
    const ended = new Promise<void>((resolve) => {
      terminated = resolve
    })
    const loop = makeHotPathLoop(
      data,
      data.venues.map(({ id }) => decoderOf(id)),
      handlers.onCheckpoint,
      handlers.onCheckpointRefused
    )
    const { hotPath } = loop
    const process = hotPath.process.bind(hotPath)
    hotPath.process = (view, at) => {
      const isLast = this.#framesLeft-- === 0
      if (isLast && !this.#judged) throw new Error("killed before a frame")
      process(view, at)
      if (isLast) throw new Error("killed after a frame")
    }
    const running = { loop, frames: new FrameConsumer(data.memory.frames), handlers, terminated }
    this.#running = running
    return () => {
      if (this.#running === running) this.#end(running, 1)
      return ended
    }
  }

  /** Lets the thread take a turn. */
  turn(): boolean {
    const running = this.#running
    if (running === undefined || this.hanging) return false
    const outcome = Result.try(() => running.loop.turn())
    if (Result.isFailure(outcome)) {
      running.handlers.onError(String(outcome.failure))
      this.#end(running, 1)
    } else if (running.loop.ended()) {
      running.loop.close()
      this.#end(running, 0)
    }
    return true
  }

  readonly step = (): boolean => {
    const frames = this.#running?.frames
    if (frames === undefined || this.hanging || (frames.fill() === 0 && !this.#running!.loop.ended())) return false
    return this.turn()
  }

  readonly awaits = (): boolean => false

  #end(running: Running, code: number): void {
    this.#running = undefined
    running.handlers.onExit(code)
    running.terminated()
  }
}
