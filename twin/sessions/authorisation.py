"""Who may charge: local list before cache before the CSMS, and what holds while it cannot be asked.

Source: OCPP 1.6 3.5, 4.1; keys 9.1.2, 9.1.3, 9.1.10, 9.1.11, 9.2.1.
"""

from collections.abc import Callable

from evc5.models.timeline import CONTROL, Alarm
from evc5.twin.ocpp.agent import Agent
from evc5.twin.ocpp.frames import Payload
from evc5.twin.ocpp.rpc import Reply
from evc5.twin.sessions.id_tags import VALID, Cache, LocalList
from evc5.twin.sheet import vendor

Decided = Callable[[Payload], None]  # gets an idTagInfo
REFUSED: Payload = {"status": "Invalid"}


class Authorisation:
    """Decides on identifiers for all readers of the device; cache and list outlive a reset."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._configuration = agent.configuration
        self.cache = Cache()
        self.list = LocalList()
        self.on_conflict: list[Callable[[], None]] = []  # the CSMS contradicts the local list (3.5.2)
        self.on_cache: list[Callable[[], None]] = []  # the cache has changed
        self.on_list: list[Callable[[], None]] = []  # so has the list

    # --- deciding ---

    def decide(self, id_tag: str, then: Decided) -> "Inquiry":
        """Call `then` once with an idTagInfo, now or when the CSMS has answered; until then it is open."""
        inquiry = Inquiry(self, id_tag, then)
        known = self.known(id_tag)
        if vendor.allows_all_cards(self._configuration):
            inquiry.settle({"status": "Accepted"})
        elif not self._agent.online or not vendor.asks_online(self._configuration):
            inquiry.settle(self.offline(id_tag))
        elif known and known["status"] == "Accepted" and self._configuration.flag("LocalPreAuthorize"):
            inquiry.settle(known)
        else:
            inquiry.ask(self._agent, self._configuration.integer("com_AuthTimeOut"))
        return inquiry

    def known(self, id_tag: str) -> Payload | None:
        """What list or, after it, cache have on the identifier now (3.5.3)."""
        info = self.list.find(id_tag, self._epoch_s()) if self._uses_list else None
        if info is None and self._uses_cache:
            info = self.cache.find(id_tag, self._epoch_s())
        return info

    def offline(self, id_tag: str) -> Payload:
        """The decision without the CSMS: what is known as not valid is refused in any case (3.5.4)."""
        known = self.known(id_tag)
        if known and (known["status"] != "Accepted" or self._configuration.flag("LocalAuthorizeOffline")):
            return known
        if self._configuration.flag("AllowOfflineTxForUnknownId"):
            return {**(known or {}), "status": "Accepted"}
        return REFUSED

    # --- learning ---

    def learn(self, id_tag: str, info: Payload) -> None:
        """Take over what the CSMS says; where the list has the identifier, only note a contradiction."""
        listed = self.list.find(id_tag, self._epoch_s()) if self._uses_list else None
        if listed is not None:
            if (listed["status"] in VALID) != (info["status"] in VALID):
                self._tell(self.on_conflict)
        elif self._uses_cache:
            self.cache.learn(id_tag, info, self._epoch_s())
            self._tell(self.on_cache)

    def send_list(self, request: Payload) -> str:
        """SendLocalList (5.15)."""
        policy = self._agent.behaviour.policy
        integer = self._configuration.integer
        if not self._uses_list and policy("list_disabled") == "NotSupported":
            return "NotSupported"
        status = self.list.update(
            request,
            integer("SendLocalListMaxLength"),
            integer("LocalAuthListMaxLength"),
            keep_empty_version=policy("empty_list_version") == "sent",
        )
        if status == "Accepted":
            for id_tag in self.list.tags():
                self.cache.forget(id_tag)  # 3.5.3: what the list has the cache has not
            self._tell(self.on_list)
            self._tell(self.on_cache)
        return status

    def list_version(self) -> int:
        """GetLocalListVersion (5.10)."""
        unsupported = not self._uses_list and self._agent.behaviour.policy("list_disabled") == "NotSupported"
        return -1 if unsupported else self.list.version

    def clear_cache(self) -> bool:
        """ClearCache (5.4); False where there is no cache (errata 3.23)."""
        if self._uses_cache:
            self.cache.clear()
            self._tell(self.on_cache)
        return self._uses_cache

    @property
    def _uses_list(self) -> bool:
        return self._configuration.flag("LocalAuthListEnabled")

    @property
    def _uses_cache(self) -> bool:
        return self._configuration.flag("AuthorizationCacheEnabled")

    def _epoch_s(self) -> float:
        return self._agent.clock.epoch(self._agent.timeline.now)

    def _tell(self, listeners: list[Callable[[], None]]) -> None:
        for listener in listeners:
            listener()


class Inquiry:
    """One question of who may charge, answered once."""

    def __init__(self, authorisation: Authorisation, id_tag: str, then: Decided) -> None:
        self._authorisation = authorisation
        self.id_tag = id_tag
        self._then = then
        self._patience: Alarm | None = None
        self.open = True

    def ask(self, agent: Agent, patience_s: float) -> None:
        """Ask the CSMS; after `patience_s` (0: as long as the link waits) the device decides by itself."""
        if patience_s > 0:
            self._patience = Alarm(agent.timeline, self._alone, CONTROL)
            self._patience.set(agent.timeline.now + patience_s)
        agent.tell("Authorize", {"idTag": self.id_tag}, self._answered)

    def drop(self) -> None:
        """Nobody wants to know any more."""
        self.open = False
        if self._patience is not None:
            self._patience.clear()

    def settle(self, info: Payload) -> None:
        if self.open:
            self.drop()
            self._then(info)

    def _alone(self) -> None:
        self.settle(self._authorisation.offline(self.id_tag))

    def _answered(self, reply: Reply) -> None:
        if reply.payload is not None:
            info = reply.payload["idTagInfo"]
            self._authorisation.learn(self.id_tag, info)
            self.settle(info)
        elif reply.arrived:
            self.settle(REFUSED)
        else:
            self._alone()
