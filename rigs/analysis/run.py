"""A run as people work with it: its verdict, its tables, its frames, its plots."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from evc5.rigs import user_files
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.shown import page
from evc5.rigs.recording.reading import run_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    import pandas as pd

    from evc5.rigs.analysis.figures.plots import Plots
    from evc5.rigs.analysis.questions.bill import Bill


class Run(Recorded):
    """A recorded run. Tables are pandas DataFrames in UTC, read when first asked for and then kept.

    What the rig file gave up to record (`[recording] telemetry = false`) raises NotAvailable when asked for.
    """

    @classmethod
    def open(cls, directory: str | Path) -> Self:
        """A run directory, complete or as a kill left it; BadInput where it is none."""
        return cls(directory)

    def save(self, directory: str | Path) -> "Run":
        """Copy the run to another directory; a run there is replaced, anything else refused (BadInput)."""
        target = user_files.path_of(directory, "directory")
        if target.exists() and target.samefile(self.directory):
            return self
        run_directory.claim(target, self.summary | {"state": "running"})
        shutil.copytree(self.directory, target, dirs_exist_ok=True, ignore=_summary)
        run_directory.write_summary(target, self.summary)
        return Run.open(target)

    @cached_property
    def telemetry(self) -> "pd.DataFrame":
        """The electrical world: a row is one connector's state just after `t`. Null means not known, never 0.

        A row at every event, at most 60 s apart while a quantity varies. Values are those of the instant:
        energy is a difference of `energy_wh`, never a sum over `p_w`. `{k}` is 1, 2, 3 for L1, L2, L3.

        - `t`: seconds of the run; `at`: the same instant in UTC; `connector`: from 1
        - `pilot`: state A to F; `duty_pct`: duty cycle, %; `status`: of the connector, OCPP's word
        - `phases`: how many conduct, 0 to 3
        - `demand{k}_a`: A that the car would take unlimited, null without one
        - `capability{k}_a`: A that ratings, cable and heat allow
        - `allocated{k}_a`: A that profiles and sharing leave
        - `offered{k}_a`: A that the pilot says, 0 without PWM
        - `i{k}_a`: A that flow; `u{k}_v`: V, phase to neutral
        - `limited_by`: what holds the current down
        - `p_w`: W at the outlet; `pf`: P / sum(U I), null at zero current
        - `energy_wh`: Wh since the run's start, true; `register_wh`: Wh as the meter shows
        - `soc`: state of charge, 0 to 1, null without a car; `temp_c`: °C at the socket
        """
        from evc5.rigs.analysis.tables import telemetry_table

        self.refuse_without("telemetry")
        return telemetry_table(self.directory)

    def demand(self, interval: "str | timedelta" = "15min") -> "pd.DataFrame":
        """Energy and power by interval of the rig's local time, of each connector and of all together.

        Intervals begin at multiples of `interval` since local midnight: a day on which the clock is put
        forward has 92 quarters of an hour, one on which it is put back 100. The first and the last are cut
        where the run begins and ends. `interval` divides an hour, or is whole hours that divide a day;
        BadInput otherwise.

        - `start`, `end`: of the interval, in the rig's zone
        - `connector`: from 1; 0 is all of them together
        - `energy_wh`: Wh drawn in it, the difference of two states; its sum is the run's energy
        - `mean_w`, `max_w`: W on average, and the highest at any moment in it
        """
        from evc5.rigs.analysis.questions.demand import demand

        self.refuse_without("telemetry")
        return demand(self, interval)

    def series(
        self, step: "str | timedelta" = "60s", columns: "Sequence[str] | None" = None
    ) -> "pd.DataFrame":
        """The state at even instants: what each column was just then, not the average over a step.

        Instants are the multiples of `step` since local midnight, the run's end excluded; `step` divides an
        hour, or is whole hours that divide a day. `columns` are telemetry's, all of them unless named;
        BadInput for others. What jumps is as it was told last. What changes gradually (power, currents, `pf`,
        demand, temperature, `soc`, `energy_wh`) is worked out between two rows of telemetry, at most 60 s
        apart, so that power adds up to energy; so is `register_wh`, to within a step of the meter.

        - `t`: seconds of the run; `at`: the same instant in the rig's zone; `connector`: from 1
        - then the columns asked for, with telemetry's units
        """
        from evc5.rigs.analysis.questions.series import series

        self.refuse_without("telemetry")
        return series(self, step, columns)

    def reactions(self) -> "pd.DataFrame":
        """Each change of what a car may draw, and how the current came after it: one row a change.

        The limit is the highest of `allocated{k}_a`, after ratings, heat, profiles and sharing; the current
        the highest of `i{k}_a`. A change is looked at up to the next one at its connector, while a car is
        there.

        - `t`: seconds of the run; `at`: the same instant in the rig's zone; `connector`: from 1
        - `from_a`, `to_a`: A per phase, the limit before and from then on
        - `followed_s`: s until the current was, on the way down, at most the new limit (and 0.1 A), or, on
          the way up, within 0.5 A of it or of what the car would draw; null: never
        - `overshoot_a`: A above the new limit at most, once it was followed; null where it never was
        """
        from evc5.rigs.analysis.questions.reactions import reactions

        self.refuse_without("telemetry")
        return reactions(self)

    def cost(self, tariff: "str | Path | Mapping[str, Any]", *, house: Any = None) -> "Bill":
        """What the run costs under a tariff, a TOML file or a table of the same form; energy is exact.

        `print(run.cost("tariff.toml"))`; the bill's `total`, `items`, `days`, `sessions` and `months` are for
        tables and figures. Hours, days and months are those of the tariff's zone, the rig's where it names
        none. Where the tariff's scope is the site, `house` is what the house beside the charge point drew, a
        series in W by time (a CSV file or a pandas Series); without it, what the rig's `grid.house` says.
        BadInput names file, row or key, value and what is allowed.
        """
        from evc5.rigs.analysis.questions.cost import cost

        self.refuse_without("telemetry")
        return cost(self, tariff, house)

    def emissions(self, series: Any, interval: "str | timedelta" = "1D") -> "pd.DataFrame":
        """The CO2 of the energy drawn, interval by interval of the rig's local time; exact.

        `series` is g of CO2 per kWh by time: a CSV file with the columns `time` and `value`, a pandas Series,
        or a table `{"path": "grid.csv", "time": "from", "value": "g_kwh", "timezone": "Europe/Amsterdam"}`.
        It has to cover the run without gaps; BadInput names file, row, value and what is allowed.

        - `start`, `end`: of the interval, in the rig's zone
        - `connector`: from 1; 0 is all of them together
        - `energy_wh`: Wh drawn in it
        - `emissions_g`: g of CO2 of it
        - `mean_g_kwh`: g per kWh on average of what was drawn; null where nothing was
        """
        from evc5.rigs.analysis.questions.emissions import emissions

        self.refuse_without("telemetry")
        return emissions(self, series, interval)

    def by_session(self) -> "pd.DataFrame":
        """One row a car that came, by plug-in, at connectors with telemetry.

        - `connector`: from 1; `vehicle`: its name
        - `plug_in`, `unplug`: in the rig's zone; `unplug` is null while it is there
        - `energy_wh`: Wh at the outlet; `needed_wh`: Wh that it asked for, null where nobody knows
        - `unserved_wh`: Wh of these that it did not get
        - `peak_w`: W, the highest; `mean_w`: W on average over the stay; `load_factor`: of the two, 0 to 1
        - `stay_min`, `charging_min`: minutes from plug-in to unplug, and those in which power flowed
        - `idle_min`: minutes from the last power to the unplug; a car that never drew was idle all along
        - `limit_use`: current over what was allocated, of the highest phase, while power flowed, 0 to 1
        """
        from evc5.rigs.analysis.questions.summaries import by_session

        return by_session(self)

    def by_day(self) -> "pd.DataFrame":
        """One row a day of the rig's zone and connector; the first and last are what the run has of them.

        - `day`: its date; `connector`: from 1; 0 is all of them together
        - `energy_wh`: Wh drawn; `peak_w`, `mean_w`: W, the highest and on average; `load_factor`: of the two
        - `sessions`: cars that came on it
        - `occupied_min`, `charging_min`, `idle_min`: minutes with a car, with power, after its last power;
          of all together their sum
        - `unserved_wh`: Wh that the sessions which ended on it asked for and did not get
        - `limit_use`: current over what was allocated, of the highest phase, while power flowed, 0 to 1
        - `unbalance_a`: A, the highest difference between the currents of two phases at one moment
        """
        from evc5.rigs.analysis.questions.summaries import by_day

        return by_day(self)

    def by_phase(self) -> "pd.DataFrame":
        """One row a phase and connector, over the whole run.

        - `connector`: from 1; 0 is all of them together; `phase`: L1, L2, L3
        - `energy_wh`: Wh that came over it, by its part of the currents; `share`: of all three, 0 to 1
        - `peak_a`: A, the highest; `mean_a`: A on average while power flowed at the connector
        """
        from evc5.rigs.analysis.questions.summaries import by_phase

        return by_phase(self)

    @cached_property
    def meter_values(self) -> "pd.DataFrame":
        """What the charge point told its back office: a row is one value of MeterValues or StopTransaction.

        Values that did not arrive are left out; what a frame leaves out is OCPP's default.

        - `at`: the meter's own timestamp, UTC; it is the index
        - `t`: seconds of the run at which the frame passed
        - `connector`: from 1; 0 is the station
        - `transaction_id`: null outside a transaction
        - `context`: `Sample.Periodic`, `Sample.Clock`, `Transaction.Begin`, …
        - `measurand`: `Energy.Active.Import.Register`, `Current.Import`, …
        - `phase`: L1, L1-N, …, null for the total
        - `location`: `Outlet` where nothing is said
        - `unit`: as told: Wh or kWh, W or kW, A, V, …; null where OCPP has none
        - `value`: in that unit; NaN where the text is no number, as signed data are
        - `raw`: the text as it was sent
        """
        from evc5.rigs.analysis.meters.values import meter_values_table

        self.refuse_without("messages")
        return meter_values_table(self.directory)

    @cached_property
    def transactions(self) -> "pd.DataFrame":
        """One row a transaction, in the order of their start, as far as frames reached the other end.

        - `transaction_id`: null while nobody answered
        - `connector`: from 1
        - `id_tag`: what the card said
        - `start`, `stop`: the station's timestamps, UTC; `stop` is null while it is open
        - `meter_start_wh`, `meter_stop_wh`: Wh, the register at both ends; null while open
        - `reason`: of the stop, `Local` where nothing is said; null while open
        """
        from evc5.rigs.analysis.tables import transactions_table

        self.refuse_without("messages")
        return transactions_table(self.directory)

    @cached_property
    def events(self) -> "pd.DataFrame":
        """What happened around the frames: one row an event.

        - `t`: seconds of the run; `at`: the same instant in UTC
        - `connector`: from 1, null where it is none's
        - `event`: plug-in, unplug, tag, fault, clear, link-down, link-up, power-cut, power-restore, reset,
          clock-set, output or operator
        - `detail`: what else is known, a dict
        """
        from evc5.rigs.analysis.tables import events_table

        return events_table(self.directory)

    @cached_property
    def messages(self) -> "pd.DataFrame":
        """One row a frame, without payloads; `frames()` has them.

        - `t`: seconds of the run at the charge point's end; `at`: the same instant in UTC
        - `station`: its identity
        - `dir`: `up` is from charge point to back office, `down` the other way
        - `id`: of the message; null where the text is no frame
        - `action`: of the CALL; a reply bears the action of what it answers
        - `kind`: CALL, CALLRESULT, CALLERROR; null where the text is no frame
        - `lost`: true where it never arrived
        """
        from evc5.rigs.analysis.tables import messages_table

        self.refuse_without("messages")
        return messages_table(self.directory)

    @cached_property
    def sessions(self) -> "pd.DataFrame":
        """The cars that came, as the judge saw them: one row a plug-in; empty where nothing was judged.

        - `connector`: from 1
        - `vehicle`: its name, null where the recording does not tell
        - `plug_in`, `unplug`: UTC; `unplug` is null while it is there
        - `kwh`: kWh delivered at the outlet
        - `needed_kwh`: kWh that the session asked for, null where nobody knows
        - `shortfall_kwh`: kWh of these that were not served
        - `soc_from`, `soc_to`: state of charge on arrival and at the end, 0 to 1
        - `transaction_id`: of its first transaction, null without one; `transactions`: how many there were
        - `samples`: meter readings told meanwhile
        - `verdict`: PASS, or FAIL where a requirement broke
        """
        from evc5.rigs.analysis.verdict_tables import sessions_table

        return sessions_table(self.summary.get("sessions", ()))

    @cached_property
    def requirements(self) -> "pd.DataFrame":
        """What the recording was held against: one row a requirement; empty where nothing was judged.

        - `id`, `title`: its name, for grep and for people
        - `source`: the clause that asks for it
        - `verdict`: PASS, FAIL, NOT EXERCISED, NOT JUDGED, KNOWN DEVIATION or INCONCLUSIVE
        - `count`: comparisons made
        - `failures`, `warnings`: how many of them broke it
        - `undecided`: how many an instrument could not tell
        - `not_compared`: what came up and was not compared, a dict of reasons and how often
        - `lacks`: what the recording would have to tell for more, a list of texts
        """
        from evc5.rigs.analysis.verdict_tables import requirements_table

        return requirements_table(self.summary.get("requirements", ()))

    @property
    def plot(self) -> "Plots":
        """Figures of the run: `plot.day()`, `plot.power()`, `plot.heatmap()` …, with `ax=` and `tz=`."""
        from evc5.rigs.analysis.figures.plots import Plots

        return Plots(self)

    def __repr__(self) -> str:
        verdict = {True: "passed", False: "failed", None: "not judged"}[self.summary.get("passed")]
        return f"<Run {self.directory}: {self.summary.get('state')}, {verdict}>"

    def _repr_html_(self) -> str:
        return page(self.summary, self.directory)


def _summary(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == run_directory.SUMMARY or name.endswith(".partial")]
