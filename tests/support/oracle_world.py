"""The same electrical equations once more, integrated numerically: shares no code with `models`.

One outlet, one car, a wall box that closes in state C and opens outside. Constants and formulas are written
out from physics, not imported; `Scenario` carries every number both sides are given.
"""

from dataclasses import dataclass, field
from math import cos, inf, pi, sin

import numpy as np
from scipy.integrate import solve_ivp

HOUR, DAY = 3600.0, 86400.0


@dataclass
class Scenario:
    # car
    usable_wh: float
    points: list  # (SoC, rate in 1/h)
    phases: int
    max_a: float
    undershoot_a: float
    iq_a: float
    a_w: float
    b: float
    up_a_s: float
    down_a_s: float
    reaction_s: float
    start_s: float
    soc: float
    # what happens: plugged in at plug_s; (t, amps or None) on the pilot; (t, volts) of the supply
    plug_s: float
    offers: list
    volts: list
    # air and box
    mean_c: float = 15.0
    swing_k: float = 5.0
    warmest_h: float = 15.0
    sun_k: float = 8.0
    sunrise_h: float = 6.0
    sunset_h: float = 20.0
    r_enclosure: float = 0.5
    tau_enclosure: float = 2400.0
    standby_w: float = 7.0
    coil_w: float = 3.0
    contactor_ohm: float = 0.001
    socket_ohm: float = 0.0012
    r_socket: float = 4.0
    tau_socket: float = 900.0
    end_s: float = DAY
    seen: list = field(default_factory=list)

    def draws(self, offered):
        amps = min(offered, self.max_a)
        amps -= self.undershoot_a * max(0.0, (amps - 6.0) / (self.max_a - 6.0))
        return (amps**2 - self.iq_a**2) ** 0.5

    def air(self, t):
        hour = t % DAY / HOUR
        temp = self.mean_c + self.swing_k * cos(2 * pi * (hour - self.warmest_h) / 24.0)
        if self.sunrise_h <= hour < self.sunset_h:
            temp += self.sun_k * sin(pi * (hour - self.sunrise_h) / (self.sunset_h - self.sunrise_h))
        return temp

    def accepts_w(self, soc):
        """At the inlet."""
        rate = np.interp(soc, *zip(*self.points, strict=True))
        return (rate * self.usable_wh + self.a_w) / (1.0 - self.b)


class Oracle:
    """State: SoC, energy Wh, enclosure °C, socket rise K; between events the current has one of four laws."""

    def __init__(self, scenario):
        self.s = scenario
        self.full_s = inf
        self.rows = []  # (t, soc, energy, socket °C, power)
        self.law, self.ip, self.ip0, self.t_law, self.rate = "off", 0.0, 0.0, 0.0, 0.0
        self.target, self.closed, self.u = 0.0, False, scenario.volts[0][1]

    def power(self, t, soc):
        s, sum_u = self.s, self.u * self.s.phases
        if self.law == "off":
            return 0.0
        if self.law == "curve":
            return float(s.accepts_w(soc))
        if self.law == "hold":
            return self.target * sum_u
        return (self.ip0 + self.rate * (t - self.t_law)) * sum_u

    def slopes(self, t, y):
        s = self.s
        p = self.power(t, y[0])
        into = (1.0 - s.b) * p - s.a_w if self.law != "off" else 0.0
        square = s.phases * ((p / (self.u * s.phases)) ** 2 + s.iq_a**2) if self.law != "off" else 0.0
        lost = square * (s.contactor_ohm + s.socket_ohm) + (s.coil_w if self.closed else 0.0)
        enclosure = (s.air(t) + s.r_enclosure * (s.standby_w + lost) - y[2]) / s.tau_enclosure
        socket = (s.r_socket * s.socket_ohm * square - y[3]) / s.tau_socket
        return [into / s.usable_wh / HOUR, p / HOUR, enclosure, socket]

    def run(self, samples):
        s = self.s
        y = solve_ivp(
            lambda t, y: [(s.air(t) + s.r_enclosure * s.standby_w - y[0]) / s.tau_enclosure],
            (-3 * DAY, 0.0), [15.0], rtol=1e-10, atol=1e-10, max_step=600.0,
        ).y[0, -1]  # fmt: skip
        self.y, self.t, self.samples = np.array([s.soc, 0.0, y, 0.0]), 0.0, list(samples)
        agenda = [(t, "volts", u) for t, u in s.volts[1:]]
        agenda += [(t + s.reaction_s, "seen", a) for t, a in s.offers]
        agenda += [(h * HOUR, "sun", None) for h in (s.sunrise_h, s.sunset_h)] + [(s.end_s, "end", None)]
        agenda.sort(key=lambda row: row[0])
        while agenda:
            t, what, value = agenda.pop(0)
            self.advance(t)
            if what == "volts":
                self.u = value
                self.look()
            elif what == "seen":
                self.see(value, agenda)
            elif what == "begin" and self.law == "off" and self.target:
                self.ip = self.overhead()
                self.look(begin=True)
        return self

    def overhead(self):
        return self.s.a_w / (1.0 - self.s.b) / (self.u * self.s.phases)

    def see(self, amps, agenda):
        self.target = self.s.draws(amps) if amps else 0.0
        if self.law == "off":
            if self.target and self.y[0] < 1.0 and not self.closed:
                self.closed = True
                agenda.append((self.t + self.s.start_s, "begin", None))
                agenda.sort(key=lambda row: row[0])
            elif not self.target:
                self.closed = False
        else:
            self.look()

    def look(self, begin=False):
        """Choose the law that holds now, the current being what it is."""
        if self.law == "off" and not begin:
            return
        accepted = float(self.s.accepts_w(self.y[0])) / (self.u * self.s.phases)
        if self.law == "curve" and self.target >= accepted:
            return
        if self.law == "hold" and abs(self.ip - self.target) < 1e-9 and self.target < accepted:
            return
        if self.law == "hold" and abs(self.ip - self.target) < 1e-9:
            self.law = "curve"
            return
        goal = max(self.target, self.overhead())
        self.law, self.ip0, self.t_law = "ramp", max(self.ip, self.overhead()), self.t
        self.rate = self.s.up_a_s if goal > self.ip0 else -self.s.down_a_s
        self.goal = goal

    def advance(self, until):
        while self.t < until:
            self.piece(until)

    def piece(self, until):
        s, sum_u = self.s, self.u * self.s.phases
        full = lambda t, y: y[0] - 1.0  # noqa: E731
        meets = lambda t, y: s.accepts_w(y[0]) - self.power(t, y[0])  # noqa: E731
        events = []
        if self.law == "ramp":
            arrive = self.t_law + (self.goal - self.ip0) / self.rate
            end, events = min(until, arrive), [full, meets] if self.rate > 0 else [full]
        else:
            arrive, end = inf, until
            events = {"hold": [full, meets], "curve": [full], "off": []}[self.law]
        for event in events:
            event.terminal, event.direction = True, 1.0 if event is full else -1.0
        if end <= self.t:
            self.finish(arrive)
            return
        got = solve_ivp(
            self.slopes, (self.t, end), self.y, method="DOP853", rtol=1e-10, atol=[1e-13, 1e-9, 1e-9, 1e-9],
            events=events or None, dense_output=True, max_step=300.0 if self.law == "curve" else 1800.0,
        )  # fmt: skip
        while self.samples and self.samples[0] <= got.t[-1]:
            t = self.samples.pop(0)
            soc, energy, enclosure, socket = got.sol(t)
            self.rows.append((t, soc, energy, enclosure + socket, self.power(t, soc)))
        self.t, self.y = got.t[-1], got.y[:, -1].copy()
        self.ip = self.power(self.t, self.y[0]) / sum_u
        if got.status == 1 and len(got.t_events[0]):
            self.law, self.ip, self.closed, self.full_s = "off", 0.0, False, self.t
            self.y[0] = 1.0
        elif got.status == 1:
            self.law = "curve"
        else:
            self.finish(arrive)

    def finish(self, arrive):
        if self.law == "ramp" and self.t >= arrive - 1e-9:
            if self.target:
                self.law, self.ip = "hold", self.target
            else:
                self.law, self.ip, self.closed = "off", 0.0, False
