# A page of another origin, in a real Chromium, tries twelve ways to drive Trunkline; none does anything.

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import boto3

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)

PAGE = """<!doctype html><title>evil</title><body><pre id=out>begun</pre><script>
const there = %(there)s, queue = %(queue)s;
const done = {};
const purge = '/?' + new URLSearchParams({Action: 'PurgeQueue', QueueUrl: queue});
const send = 'Action=SendMessage&MessageBody=forged&QueueUrl=' + encodeURIComponent(queue);
const note = (name, promise) => promise.then(v => done[name] = 'open: ' + v, e => done[name] = 'closed: ' + e);
const read = r => r.text().then(t => r.type + ' ' + r.status + ' ' + t.slice(0, 60));
const element = (tag, name, url) => note(name, new Promise((ok, no) => {
  const it = document.createElement(tag);
  it.onload = () => ok('loaded'); it.onerror = () => no('refused');
  if (tag === 'link') { it.rel = 'stylesheet'; it.href = url; } else it.src = url;
  document.body.append(it);
}));
const form = (name, method) => {
  const frame = document.createElement('iframe'); frame.name = name; document.body.append(frame);
  const it = document.createElement('form'); it.target = name; it.method = method; it.action = there + '/';
  for (const [key, value] of new URLSearchParams(method === 'post' ? send : purge.slice(2))) {
    const input = document.createElement('input'); input.name = key; input.value = value; it.append(input);
  }
  document.body.append(it); it.submit(); done[name] = 'sent';
};
const everything = [
  note('fetch-text', fetch(there + '/', {method: 'POST', mode: 'no-cors', headers: {'content-type': 'text/plain'}, body: send}).then(read)),
  note('fetch-form', fetch(there + '/', {method: 'POST', mode: 'no-cors', headers: {'content-type': 'application/x-www-form-urlencoded'}, body: send}).then(read)),
  note('fetch-json', fetch(there + '/', {method: 'POST', headers: {'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.PurgeQueue'}, body: JSON.stringify({QueueUrl: queue})}).then(read)),
  note('fetch-read', fetch(there + '/?Action=ListQueues').then(read)),
  note('xhr', new Promise((ok, no) => { const x = new XMLHttpRequest(); x.open('GET', there + '/metrics'); x.onload = () => ok(x.responseText.slice(0, 60)); x.onerror = () => no('refused'); x.send(); })),
  note('socket', new Promise((ok, no) => { const s = new WebSocket(there.replace('http', 'ws') + '/channels/x'); s.onopen = () => ok('open'); s.onerror = () => no('refused'); })),
  note('stream', new Promise((ok, no) => { const s = new EventSource(there + '/metrics'); s.onopen = () => ok('open'); s.onerror = () => no('refused'); })),
  element('img', 'image', there + purge), element('script', 'script', there + purge), element('link', 'style', there + purge),
];
done.beacon = String(navigator.sendBeacon(there + '/', new Blob([send], {type: 'text/plain'})));
form('form-post', 'post'); form('form-get', 'get');
Promise.all(everything).then(() => setTimeout(() => { out.textContent = 'ended ' + JSON.stringify(done); }, 500));
</script>"""


class Page(unittest.TestCase):
    def setUp(self):
        if CHROMIUM is None:
            self.fail("please install chromium")
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName="guarded")["QueueUrl"]
        self.sqs.send_message(QueueUrl=self.url, MessageBody="mine")

    def tearDown(self):
        self.sqs.delete_queue(QueueUrl=self.url)

    def shown(self, url, *arguments):
        with tempfile.TemporaryDirectory() as profile:
            command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                       "--virtual-time-budget=20000", "--timeout=30000", *arguments, "--dump-dom", url]
            return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout

    def serve(self):
        page = (PAGE % {"there": json.dumps(ENDPOINT), "queue": json.dumps(self.url)}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def assert_untouched(self, origin, shown):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        self.assertEqual([counts[name] for name in names], ["1", "0"], f"{origin}: {shown}")

    def test_twelve_ways_in_are_closed(self):
        port = self.serve()
        for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://evil.example:{port}"):
            shown = self.shown(f"{origin}/", "--host-resolver-rules=MAP evil.example 127.0.0.1")
            self.assertIn("ended {", shown, f"{origin}: the page did not come to its end: {shown[-2000:]}")
            done = json.loads(shown.split("ended ", 1)[1].split("</pre>", 1)[0].replace("&amp;", "&"))
            self.assertGreaterEqual(len(done), 12)
            for name in ("fetch-json", "fetch-read", "xhr", "socket", "stream", "script", "style", "image"):
                self.assertTrue(done[name].startswith("closed"), f"{origin} {name}: {done[name]}")
            for name in ("fetch-text", "fetch-form"):
                self.assertTrue(done[name].startswith(("closed", "open: opaque 0")), f"{origin} {name}: {done[name]}")
            self.assert_untouched(origin, done)

    def test_a_name_that_points_here_opens_nothing(self):
        port = ENDPOINT.rsplit(":", 1)[1]
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        shown = self.shown(f"http://evil.example:{port}/?Action=PurgeQueue&QueueUrl={self.url}", rules)
        self.assertIn("--allow-host evil.example", shown)
        self.assert_untouched("rebinding", shown)

    def test_the_page_is_what_is_refused(self):
        request = urllib.request.Request(ENDPOINT + "/?Action=ListQueues", headers={"origin": "http://evil.example"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        self.assertEqual(refused.exception.code, 403)
