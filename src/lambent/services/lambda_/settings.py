"""Everything of Lambda beside functions, versions and aliases, made in order.

Layers and code signing come before the functions that refer to them (`Shelves`); the rest comes
after the directory (`Settings`).
"""

from lambent.invoke.functions import FunctionDirectory, Provisioner
from lambent.services.contract import Operation
from lambent.services.lambda_.account import Account
from lambent.services.lambda_.changes import Changes
from lambent.services.lambda_.code import CodeLinks
from lambent.services.lambda_.code_signing import CodeSigning
from lambent.services.lambda_.code_signing_shelf import SigningShelf
from lambent.services.lambda_.concurrency import FunctionConcurrency, Limits, Reservations
from lambent.services.lambda_.layer_permissions import LayerPermissions
from lambent.services.lambda_.layer_shelf import LayerShelf
from lambent.services.lambda_.layers import Layers
from lambent.services.lambda_.policies import Policies
from lambent.services.lambda_.policy_table import PolicyTable
from lambent.services.lambda_.provisioned import ProvisionedConcurrency, Provisions
from lambent.services.lambda_.recursion import RecursionConfig
from lambent.services.lambda_.resource_policies import ResourcePolicies
from lambent.services.lambda_.runtime_management import RuntimeManagement
from lambent.services.lambda_.settings_statements import SCHEMA
from lambent.services.lambda_.state import LambdaState, Spawn


class Shelves:
    """What functions refer to: layers and code signing configurations."""

    def __init__(self, state: LambdaState, spawn: Spawn) -> None:
        self._state = state
        self.layers = LayerShelf(state, spawn)
        self.signing = SigningShelf(state, spawn)

    async def open(self) -> None:
        """Bring the tables up to date and read both."""
        await self._state.store.migrate(SCHEMA)
        await self.layers.open()
        await self.signing.open()


class Settings:
    """The operations on layers and on settings of functions.

    Order: the state and `Shelves` are open, then `open`; `restore` once the fleet runs.
    """

    def __init__(
        self,
        state: LambdaState,
        shelves: Shelves,
        *,
        directory: FunctionDirectory,
        provisioner: Provisioner,
        links: CodeLinks,
        limits: Limits,
        spawn: Spawn,
    ) -> None:
        self.reservations = Reservations(state, limits, Changes(spawn))
        self._provisions = Provisions(state, self.reservations, directory, provisioner)
        policies = PolicyTable(state)
        self._resources = (
            Layers(state, shelves.layers, links),
            LayerPermissions(shelves.layers),
            Policies(state, policies),
            ResourcePolicies(state, policies),
            FunctionConcurrency(state, self.reservations),
            ProvisionedConcurrency(state, self._provisions),
            CodeSigning(state, shelves.signing),
            Account(state, shelves.layers, self.reservations),
            RuntimeManagement(state),
            RecursionConfig(state),
        )

    async def open(self) -> None:
        """Count what is reserved and read what is provisioned."""
        self.reservations.open()
        await self._provisions.open()

    async def restore(self) -> None:
        """Provision again what was provisioned when the last process ended."""
        await self._provisions.restore()

    def operations(self) -> dict[str, Operation]:
        return {
            name: operation
            for resource in self._resources
            for name, operation in resource.operations().items()
        }
