"""What the receiver on the gateway deletes: inputs, and pushed contents that nobody names."""

from file_receiver.gateway.captures import Captures
from file_receiver.gateway.originals import Originals
from file_receiver.gateway.stock import Stock
from labrelay.contracts.retention import Kind
from labrelay.http import Client
from labrelay.retention import Clearing, Decisions, Retention
from labrelay.settings import Settings


def input_retention(settings: Settings, repository: Client, captures: Captures) -> tuple[Retention, Originals]:
    """The rules of the input store at work, and the instruments' side of them."""
    layout, rules, decisions = settings.gateway_layout, settings.retention, Decisions(repository)
    inputs = Stock(Kind.INPUTS, layout, rules.inputs, decisions)
    pushes = Stock(Kind.PUSHES, layout, rules.pushes, decisions)

    def settle() -> None:
        inputs.settle()
        pushes.settle()

    clearings = [Clearing(inputs), Clearing(pushes)]
    retention = Retention("file-receiver-gateway", clearings, rules.every_s, settle)
    return retention, Originals(captures, repository, layout, inputs, retention)
