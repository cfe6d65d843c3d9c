/** Documents of news feeds, written by their standards. */

/** https://www.rssboard.org/rss-specification, with the namespaces that feeds usually add. */
export const rssDocument = `<?xml version="1.0" encoding="UTF-8"?>
<!-- by hand -->
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel>
    <title>Coins today</title>
    <link>https://news.example/</link>
    <atom:link href="https://news.example/rss" rel="self"/>
    <item>
      <title><![CDATA[USDC <b>loses</b> its peg &ndash; Circle&#8217;s reserves at SVB]]></title>
      <atom:link href="https://elsewhere.example/"/>
      <link>https://news.example/1?utm_source=rss</link>
      <guid isPermaLink="false">tag:1</guid>
      <media:title>another title</media:title>
      <pubDate>Sat, 11 Mar 2023 02:15:00 GMT</pubDate>
    </item>
    <item>
      <title>Coinbase pauses USDC conversions &amp;amp; waits</title>
      <guid>https://news.example/2</guid>
      <pubDate>Fri, 10 Mar 23 22:00 EST</pubDate>
    </item>
    <item>
      <title>DAI follows</title>
      <link>/relative/3</link>
      <pubDate>yesterday</pubDate>
    </item>
    <item>
      <description>&lt;p&gt;No title, only text of USDT.&lt;/p&gt;</description>
      <dc:date>2023-03-11T00:59:59+01:00</dc:date>
    </item>
  </channel>
</rss>`

/** RFC 4287. */
export const atomDocument = `<?xml version="1.0"?>
<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="http://www.w3.org/1999/xhtml">
  <a:title>Status</a:title>
  <a:id>urn:uuid:feed</a:id>
  <a:entry>
    <a:id>urn:uuid:1</a:id>
    <a:link rel="enclosure" href="https://status.example/file.zip"/>
    <a:link rel="alternate" href="https://status.example/1"/>
    <a:title type="html">Tether &lt;em&gt;resumes&lt;/em&gt; redemptions</a:title>
    <a:updated>2023-03-11T12:00:00Z</a:updated>
    <a:published>2023-03-11T11:00:00.5+01:00</a:published>
    <a:content type="html">long</a:content>
  </a:entry>
  <a:entry>
    <a:title type="xhtml"><x:div>USDC &amp; <x:b>DAI</x:b>: all systems go</x:div></a:title>
    <a:link href="/2"/>
    <a:id>urn:uuid:2</a:id>
    <a:updated>2023-03-11T08:30:00Z</a:updated>
  </a:entry>
</a:feed>`

/** https://validator.w3.org/feed/docs/rss1.html */
export const rss1Document = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://rdf.example/"><title>t</title></channel>
  <item rdf:about="https://rdf.example/1"><title>FRAX is fully backed</title><link>https://rdf.example/1</link><dc:date>2023-03-11</dc:date></item>
</rdf:RDF>`

/** https://www.jsonfeed.org/version/1.1 */
export const jsonDocument = JSON.stringify({
  version: "https://jsonfeed.org/version/1.1",
  title: "Listings",
  items: [
    { id: 1, url: "https://json.example/1", title: "USDT delisted", date_published: "2023-03-11T01:00:00Z", _extension: { any: [1] } },
    {
      id: "two",
      external_url: "https://json.example/elsewhere",
      title: null,
      content_html: "<p>Only text of <i>USDC</i></p>",
      date_published: "soon"
    },
    "no item",
    { id: "three", title: 7 }
  ]
})
