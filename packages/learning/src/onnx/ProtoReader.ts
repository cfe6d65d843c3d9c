/** Reads wanted fields of the top level of a message in Protocol Buffers, whoever wrote it. Source: protobuf.dev/programming-guides/encoding. */

export interface ProtoField {
  readonly field: number
  /** Of a string, a message or packed numbers; undefined of a plain number. */
  readonly bytes: Uint8Array | undefined
}

const wire = { varint: 0, bytes8: 1, length: 2, bytes4: 5 } as const
/** No number of a message that makes sense is longer. */
const varintBytesMax = 10

export interface ProtoLimits {
  /** Numbers of the fields that are looked for. */
  readonly wanted: ReadonlyArray<number>
  /** Fields of any number that a message may have: a field may be two bytes long, and a message 32 million. */
  readonly fieldsMax: number
}

/** The wanted fields of a message, in order; undefined where the bytes are no message, or one with more fields than may be. */
export const readProto = (bytes: Uint8Array, { fieldsMax, wanted }: ProtoLimits): ReadonlyArray<ProtoField> | undefined => {
  const fields: Array<ProtoField> = []
  let count = 0
  let at = 0
  /** NaN where there is none. */
  const varint = (): number => {
    let value = 0
    for (let place = 0; place < varintBytesMax && at < bytes.length; place++) {
      const byte = bytes[at++]!
      value += (byte & 127) * 2 ** (7 * place)
      if (byte < 128) return value
    }
    return Number.NaN
  }
  while (at < bytes.length) {
    const key = varint()
    const field = Math.floor(key / 8)
    const kind = key % 8
    if (!(field >= 1) || ++count > fieldsMax) return undefined
    const isWanted = wanted.includes(field)
    if (kind === wire.varint) {
      if (Number.isNaN(varint())) return undefined
      if (isWanted) fields.push({ field, bytes: undefined })
      continue
    }
    const length = kind === wire.length ? varint() : kind === wire.bytes8 ? 8 : kind === wire.bytes4 ? 4 : Number.NaN
    if (!(at + length <= bytes.length)) return undefined
    if (isWanted) fields.push({ field, bytes: kind === wire.length ? bytes.subarray(at, at + length) : undefined })
    at += length
  }
  return fields
}
