# The SDK that the tutorial with the event stream imports, which does not exist: the calls that it makes, and no more.
import os
from types import SimpleNamespace

import requests

from genesyscloud.sdk.models import plain


class PlatformClient:
    def __init__(self, region, client_id, client_secret):
        self._url = os.environ["GENESYS_URL"]
        self._credentials = (client_id, client_secret)
        self._token = None
        self.auth = SimpleNamespace(get_service_account=lambda: self._call("GET", "/api/v2/organizations/me"))
        self.event_streams = SimpleNamespace(
            create_event_stream=lambda body: self._call("POST", "/api/v2/eventstreams", json=plain(body)),
            get_event_streams=lambda page_size: self._call("GET", "/api/v2/eventstreams", params={"pageSize": page_size}),
            get_event_stream_by_id=lambda id: self._call("GET", f"/api/v2/eventstreams/{id}"),
        )

    def _call(self, method, path, **more):
        if self._token is None:
            form = {"grant_type": "client_credentials"}
            answer = requests.post(f"{self._url}/oauth/token", data=form, auth=self._credentials, timeout=30)
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, self._url + path, headers=headers, timeout=30, **more)
        if not answer.ok:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")
        return answer.json(object_hook=lambda members: SimpleNamespace(**members))
