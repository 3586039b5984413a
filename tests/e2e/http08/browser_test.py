"""A page of another origin, in a real browser: it creates a database, writes and reads with nothing
but fetch(), over the 0.8 API, and reads the same data over 1.x's. Skipped where there is no
Chromium (Debian's `chromium`)."""

import functools
import html
import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from varved import Varved

CHROMIUM = shutil.which("chromium")
PAGE = """<!doctype html><meta charset="utf-8"><title>asking</title><pre id="out">nothing</pre>
<script>
const server = "http://127.0.0.1:PORT";
const json = {"Content-Type": "application/json"};
async function ask() {
    const out = {};
    out.created = (await fetch(server + "/db",
        {method: "POST", headers: json, body: JSON.stringify({name: "site"})})).status;
    out.again = await (await fetch(server + "/db",
        {method: "POST", headers: json, body: JSON.stringify({name: "site"})})).text();
    out.written = (await fetch(server + "/db/site/series?time_precision=s", {method: "POST",
        headers: json, body: JSON.stringify([{name: "clicks", columns: ["time", "page", "ms"],
            points: [[1400000000, "home", 12], [1400000001, "shop", 7.5]]}])})).status;
    const read = await fetch(server + "/db/site/series?time_precision=s&q=" +
        encodeURIComponent("select page, ms from clicks"));
    out.rows = (await read.json())[0];
    out.unknown = await (await fetch(server + "/db/site/series?q=" +
        encodeURIComponent("select x from nothing"))).text();
    out.later = await (await fetch(server + "/query?db=site&epoch=s&q=" +
        encodeURIComponent("select ms from clicks"))).json();
    out.dropped = (await fetch(server + "/db/site", {method: "DELETE"})).status;
    out.left = await (await fetch(server + "/db")).json();
    return out;
}
ask().catch(fault => ({fault: String(fault)})).then(out => {
    document.getElementById("out").textContent = JSON.stringify(out);
});
</script>
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@unittest.skipUnless(CHROMIUM, "needs Chromium")
class Browser(unittest.TestCase):
    def open_page(self, server):
        """What the page says it has seen."""
        with tempfile.TemporaryDirectory(prefix="varve-browser-") as folder:
            os.mkdir(os.path.join(folder, "site"))
            with open(os.path.join(folder, "site/index.html"), "w", encoding="utf-8") as file:
                file.write(PAGE.replace("PORT", str(server.port)))
            handler = functools.partial(Quiet, directory=os.path.join(folder, "site"))
            with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
                threading.Thread(target=site.serve_forever, daemon=True).start()
                done = subprocess.run(
                    [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--user-data-dir=" + os.path.join(folder, "user"),
                     "--virtual-time-budget=20000", "--dump-dom",
                     f"http://localhost:{site.server_address[1]}/"],
                    capture_output=True, text=True, timeout=120, check=False)
                site.shutdown()
        found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, re.S)
        self.assertTrue(found, done.stdout + done.stderr)
        return json.loads(html.unescape(found.group(1)))

    def test_writes_and_reads_across_origins(self):
        with Varved(os.environ["TEST_BUILD"]) as server:
            seen = self.open_page(server)
        self.assertNotIn("fault", seen)
        self.assertEqual(seen["created"], 201)
        self.assertEqual(seen["again"], "database site exists")
        self.assertEqual(seen["written"], 200)
        rows = [dict(zip(seen["rows"]["columns"], point)) for point in seen["rows"]["points"]]
        self.assertEqual([(row["time"], row["page"], row["ms"]) for row in rows],
                         [(1400000001, "shop", 7.5), (1400000000, "home", 12)])
        self.assertEqual(seen["unknown"], "Couldn't find series: nothing")
        self.assertEqual(seen["later"]["results"][0]["series"][0]["values"],
                         [[1400000000, 12], [1400000001, 7.5]])
        self.assertEqual(seen["dropped"], 204)
        self.assertEqual(seen["left"], [])


if __name__ == "__main__":
    unittest.main()
