import { assert, describe, it } from "@effect/vitest"
import { newsTime } from "./NewsTime.ts"

describe("newsTime", () => {
  it("reads the forms of RFC 822 and RFC 3339 that feeds have", () => {
    for (const [text, iso] of [
      ["Sat, 11 Mar 2023 02:15:00 GMT", "2023-03-11T02:15:00Z"],
      ["11 Mar 2023 02:15 +0130", "2023-03-11T00:45:00Z"],
      ["Saturday, 11 March 2023 02:15:00 PDT", "2023-03-11T09:15:00Z"],
      ["Sat, 11 Mar 23 02:15:00 -05:00", "2023-03-11T07:15:00Z"],
      ["Thu, 29 Feb 2024 00:00:00 Z", "2024-02-29T00:00:00Z"],
      ["2023-03-11T02:15:00.123456Z", "2023-03-11T02:15:00Z"],
      ["2023-03-11T02:15:00-05:00", "2023-03-11T07:15:00Z"],
      ["2023-03-11 02:15", "2023-03-11T02:15:00Z"],
      ["2023-03", "2023-03-01T00:00:00Z"],
      ["  2023-03-11\n", "2023-03-11T00:00:00Z"]
    ] as const)
      assert.strictEqual(newsTime(text), Date.parse(iso), text)
  })

  it("says of everything else that it is no date", () => {
    for (const text of [
      "",
      "yesterday",
      "1678500000",
      "11/03/2023",
      "Sat, 31 Feb 2023 00:00:00 GMT",
      "Thu, 29 Feb 2023 00:00:00 GMT",
      "Sat, 11 Foo 2023 00:00:00 GMT",
      "Sat, 11 Mar 2023 25:00:00 GMT",
      "Sat, 11 Mar 2023 00:00:00 XYZ",
      "2023-13-01T00:00:00Z",
      "2023-03-00",
      "9".repeat(1_000_000)
    ])
      assert.isNaN(newsTime(text), text.slice(0, 40))
  })
})
