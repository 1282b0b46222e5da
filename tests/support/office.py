"""A back office behind a socket that says yes, and notes what it hears."""

import orjson

CONFIRMATIONS = {
    "BootNotification": {"status": "Accepted", "interval": 3600, "currentTime": "2031-01-01T00:00:00Z"},
    "Heartbeat": {"currentTime": "2031-01-01T00:00:00Z"},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"idTagInfo": {"status": "Accepted"}, "transactionId": 7},
    "StopTransaction": {},
}


class Office:
    """A back office that says yes, and notes what it hears; `unasked` is sent after the n-th request."""

    def __init__(self, unasked=None, silent_from=None):
        self.calls, self.replies, self.open = [], [], 0
        self._unasked, self._silent_from = unasked or {}, silent_from
        self.sockets = []

    def __call__(self, ws):
        self.open += 1
        self.sockets.append(ws)
        try:
            for text in ws:
                self._hear(ws, orjson.loads(text))
        finally:
            self.open -= 1

    def _hear(self, ws, frame):
        if frame[0] != 2:
            self.replies.append(frame)
            return
        self.calls.append(frame)
        if self._silent_from is not None and len(self.calls) > self._silent_from:
            return
        ws.send(orjson.dumps([3, frame[1], CONFIRMATIONS.get(frame[2], {})]).decode())
        if len(self.calls) in self._unasked:
            ws.send(self._unasked[len(self.calls)])

    def actions(self):
        return [frame[2] for frame in self.calls]
