/** Reads the top level of a message in Protocol Buffers, whoever wrote it. Source: protobuf.dev/programming-guides/encoding. */

export interface ProtoField {
  readonly field: number
  /** Of a string, a message or packed numbers; undefined of a plain number. */
  readonly bytes: Uint8Array | undefined
}

const wire = { varint: 0, bytes8: 1, length: 2, bytes4: 5 } as const
/** No number of a message that makes sense is longer. */
const varintBytesMax = 10

/** The fields of a message, in order; undefined where the bytes are no message. */
export const readProto = (bytes: Uint8Array): ReadonlyArray<ProtoField> | undefined => {
  const fields: Array<ProtoField> = []
  let at = 0
  /** NaN where there is none. */
  const varint = (): number => {
    let value = 0
    for (let count = 0; count < varintBytesMax && at < bytes.length; count++) {
      const byte = bytes[at++]!
      value += (byte & 127) * 2 ** (7 * count)
      if (byte < 128) return value
    }
    return Number.NaN
  }
  while (at < bytes.length) {
    const key = varint()
    const field = Math.floor(key / 8)
    const kind = key % 8
    if (!(field >= 1)) return undefined
    if (kind === wire.varint) {
      if (Number.isNaN(varint())) return undefined
      fields.push({ field, bytes: undefined })
      continue
    }
    const length = kind === wire.length ? varint() : kind === wire.bytes8 ? 8 : kind === wire.bytes4 ? 4 : Number.NaN
    if (!(at + length <= bytes.length)) return undefined
    fields.push({ field, bytes: kind === wire.length ? bytes.subarray(at, at + length) : undefined })
    at += length
  }
  return fields
}
