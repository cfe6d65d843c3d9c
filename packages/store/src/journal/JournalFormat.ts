/**
 * How the market journal lies on disk.
 *
 * ```text
 * segment 000001.journal   "EVKJRNL1"  u32 manifest bytes  manifest (JSON: who, what, since when)  block*
 * block                    "EVKB"  u32 compressed bytes  u32 raw bytes  u32 CRC-32 of the compressed bytes
 *                          f64 first received  f64 last received  u32 frames  u32 CRC-32 of these 36 bytes   zstd of the frames
 * frame                    as in the frames ring: a 64-byte header, then the payload, padded to 8 bytes
 * index   000001.index     f64 offset  f64 first received  f64 last received  f64 frames, for each block
 * ```
 *
 * A block is whole or it is not there: what fails its length or its checksums is passed over, up to the next block that is whole. Nothing that
 * was written is ever cut off. The index is a convenience; it is made anew from the blocks when the two disagree.
 */
import { Result, Schema } from "effect"
import { crc32, zstdDecompressSync } from "node:zlib"

export const segmentMagic = new TextEncoder().encode("EVKJRNL1")
export const blockMagic = 0x424b5645
export const blockHeaderBytes = 40
const headerSumAt = 36
/** A block that claims more than this is damage. */
const rawBytesMax = 1 << 28

/** What a replay must know before the first frame. */
export const JournalManifest = Schema.Struct({
  startedAt: Schema.Finite,
  barMillis: Schema.Finite,
  coins: Schema.Array(
    Schema.Struct({
      symbol: Schema.String,
      peg: Schema.Literals(["USD", "EUR"]),
      anchor: Schema.Finite,
      rateBearing: Schema.optionalKey(Schema.Boolean)
    })
  ),
  venues: Schema.Array(Schema.String),
  instruments: Schema.Array(Schema.Struct({ venue: Schema.String, symbol: Schema.String, base: Schema.String, quote: Schema.String })),
  /** Places behind the instruments for pairs that were listed while running. */
  spareInstruments: Schema.optionalKey(Schema.Int),
  /** Assets by which coins were priced as well; none when left out. */
  bridges: Schema.optionalKey(Schema.Array(Schema.String)),
  /** A coin without a price for so long was stale. */
  staleAfterMillis: Schema.optionalKey(Schema.Finite),
  /** The market was made up; earlier versions did not say. */
  simulated: Schema.optionalKey(Schema.Boolean)
})
export type JournalManifest = typeof JournalManifest.Type

const decodeManifest = Schema.decodeUnknownResult(Schema.fromJsonString(JournalManifest))

export interface Block {
  readonly offset: number
  readonly bytes: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly frames: number
  readonly compressed: Uint8Array
  readonly rawBytes: number
}

export const encodeSegmentHead = (manifest: JournalManifest): Uint8Array => {
  const json = new TextEncoder().encode(JSON.stringify(manifest))
  const head = new Uint8Array(segmentMagic.length + 4 + json.length)
  head.set(segmentMagic)
  new DataView(head.buffer).setUint32(segmentMagic.length, json.length, true)
  head.set(json, segmentMagic.length + 4)
  return head
}

/** The manifest and where the blocks begin; undefined when this is no segment. */
export const decodeSegmentHead = (segment: Uint8Array): { readonly manifest: JournalManifest; readonly end: number } | undefined => {
  const start = segmentMagic.length + 4
  if (segment.length < start || segmentMagic.some((value, index) => segment[index] !== value)) return undefined
  const end = start + viewOf(segment).getUint32(segmentMagic.length, true)
  if (end > segment.length) return undefined
  const manifest = decodeManifest(new TextDecoder().decode(segment.subarray(start, end)))
  return Result.isSuccess(manifest) ? { manifest: manifest.success, end } : undefined
}

export const encodeBlockHead = (block: {
  readonly compressed: Uint8Array
  readonly rawBytes: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly frames: number
}): Uint8Array => {
  const head = new Uint8Array(blockHeaderBytes)
  const view = viewOf(head)
  view.setUint32(0, blockMagic, true)
  view.setUint32(4, block.compressed.length, true)
  view.setUint32(8, block.rawBytes, true)
  view.setUint32(12, crc32(block.compressed), true)
  view.setFloat64(16, block.firstReceived, true)
  view.setFloat64(24, block.lastReceived, true)
  view.setUint32(32, block.frames, true)
  view.setUint32(headerSumAt, crc32(head.subarray(0, headerSumAt)), true)
  return head
}

/** The whole blocks from `from` on, and how many bytes lie between or behind them that are none. */
export const scanBlocks = (segment: Uint8Array, from: number): { readonly blocks: ReadonlyArray<Block>; readonly damagedBytes: number } => {
  const view = viewOf(segment)
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength)
  const blocks: Array<Block> = []
  let damagedBytes = 0
  for (let offset = from; offset < segment.length;) {
    const block = blockAt(segment, view, offset)
    if (block !== undefined) {
      blocks.push(block)
      offset += block.bytes
      continue
    }
    const found = bytes.indexOf(magicBytes, offset + 1)
    const next = found < 0 ? segment.length : found
    damagedBytes += next - offset
    offset = next
  }
  return { blocks, damagedBytes }
}

const magicBytes = Uint8Array.of(0x45, 0x56, 0x4b, 0x42)

/** The block that begins at `offset`; undefined when none does that is whole. */
const blockAt = (segment: Uint8Array, view: DataView, offset: number): Block | undefined => {
  if (offset + blockHeaderBytes > segment.length || view.getUint32(offset, true) !== blockMagic) return undefined
  const end = offset + blockHeaderBytes + view.getUint32(offset + 4, true)
  const rawBytes = view.getUint32(offset + 8, true)
  if (end > segment.length || rawBytes > rawBytesMax) return undefined
  const headerSum = view.getUint32(offset + headerSumAt, true)
  // Earlier versions wrote 0.
  if (headerSum !== 0 && headerSum !== crc32(segment.subarray(offset, offset + headerSumAt))) return undefined
  const compressed = segment.subarray(offset + blockHeaderBytes, end)
  if (crc32(compressed) !== view.getUint32(offset + 12, true)) return undefined
  return {
    offset,
    bytes: end - offset,
    rawBytes,
    firstReceived: view.getFloat64(offset + 16, true),
    lastReceived: view.getFloat64(offset + 24, true),
    frames: view.getUint32(offset + 32, true),
    compressed
  }
}

/** The frames of a block, 8-byte aligned. */
export const framesOf = (block: Block): Uint8Array => {
  const frames = new Uint8Array(block.rawBytes)
  frames.set(zstdDecompressSync(block.compressed).subarray(0, block.rawBytes))
  return frames
}

export const encodeIndex = (blocks: ReadonlyArray<Pick<Block, "offset" | "firstReceived" | "lastReceived" | "frames">>): Uint8Array =>
  new Uint8Array(
    Float64Array.from(blocks.flatMap(({ firstReceived, frames, lastReceived, offset }) => [offset, firstReceived, lastReceived, frames]))
      .buffer
  )

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
