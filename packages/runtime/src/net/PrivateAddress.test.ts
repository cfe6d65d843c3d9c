import { assert, describe, it } from "@effect/vitest"
import { isPrivateAddress, isPrivateUrl, privateCode, publicLookup } from "./PrivateAddress.ts"

describe("addresses", () => {
  it("of private networks are told from public ones, however they are written", () => {
    for (const url of [
      "http://127.0.0.1/",
      "http://127.1/",
      "http://0x7f000001/",
      "http://2130706433/",
      "http://0.0.0.0/",
      "http://10.1.2.3/",
      "http://172.31.0.1/",
      "http://192.168.0.1/",
      "http://169.254.169.254/latest/meta-data",
      "http://100.64.0.1/",
      "http://[::1]/",
      "http://[::]/",
      "http://[fd00::1]/",
      "http://[fe80::1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://[64:ff9b::a00:1]/",
      "http://[::127.0.0.1]/",
      "http://[::ffff:0:127.0.0.1]/",
      "http://[fec0::1]/",
      "http://[2001:0:7f00:1::]/",
      "http://[2001:db8::1]/",
      "http://[2002:7f00:1::]/",
      "http://[3fff::1]/",
      "http://[100::1]/",
      "http://[4000::1]/",
      "http://192.0.2.1/",
      "http://192.88.99.1/",
      "http://198.51.100.1/",
      "http://203.0.113.1/",
      "http://localhost/",
      "http://LOCALHOST./",
      "http://a.localhost../",
      "http://localhost.localdomain/",
      "http://router/",
      "http://db.internal/",
      "http://printer.local/"
    ])
      assert.isTrue(isPrivateUrl(new URL(url)), url)
    for (const url of [
      "https://example.org/",
      "http://8.8.8.8/",
      "http://172.32.0.1/",
      "http://[2606:4700::1111]/",
      "http://[2001:4860:4860::8888]/",
      "http://[2a00:1450::1]/",
      "https://local.example.org/"
    ])
      assert.isFalse(isPrivateUrl(new URL(url)), url)
    assert.isTrue(isPrivateAddress("no address"))
  })

  it("are refused at the moment of connecting, where a name leads to them", async () => {
    const found = (options: { readonly all: boolean }) =>
      new Promise<unknown>((resolve) => publicLookup("localhost", options, (error, addresses) => resolve(error?.code ?? addresses)))
    assert.strictEqual(await found({ all: true }), privateCode)
    assert.strictEqual(await found({ all: false }), privateCode)
  })
})
