/** CRC-32 (IEEE 802.3, reflected, as in zlib), fed one byte at a time so that no text is built for it. */
const table = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

export const crcStart = -1

export const crcByte = (crc: number, value: number): number => (crc >>> 8) ^ table[(crc ^ value) & 255]!

/** The digits of a whole number, most significant first. */
export const crcDigits = (crc: number, value: number): number => {
  // Up to 2^53 has 16 digits; the largest power first, so that nothing is stored.
  let power = 1
  while (power * 10 <= value) power *= 10
  let rest = value
  let next = crc
  for (; power >= 1; power /= 10) {
    const digit = Math.floor(rest / power)
    next = crcByte(next, 0x30 + digit)
    rest -= digit * power
  }
  return next
}

export const crcEnd = (crc: number): number => (crc ^ -1) >>> 0

/** The characters of an ASCII text. */
export const crcText = (crc: number, text: string): number => {
  let next = crc
  for (let i = 0; i < text.length; i++) next = crcByte(next, text.charCodeAt(i))
  return next
}
