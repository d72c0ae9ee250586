# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules, by id; rules.toml says what each is about."""

from klprove.lint.finding import Rule
from klprove.lint.rules.balance import H02
from klprove.lint.rules.bodies import H11, H23
from klprove.lint.rules.build import H25, H26, H28, H30
from klprove.lint.rules.callbacks import H14
from klprove.lint.rules.calls import H17
from klprove.lint.rules.cold import H04
from klprove.lint.rules.coming import H20
from klprove.lint.rules.contexts import H15, H16
from klprove.lint.rules.contracts import H10, H21
from klprove.lint.rules.escaping import H06
from klprove.lint.rules.families import H22
from klprove.lint.rules.identity import H12
from klprove.lint.rules.inlining import H03
from klprove.lint.rules.loading import H27, H29
from klprove.lint.rules.owners import H08
from klprove.lint.rules.pairs import H13, H19
from klprove.lint.rules.patching_sites import H09
from klprove.lint.rules.sections import H05, H24
from klprove.lint.rules.stalls import H01, H18
from klprove.lint.rules.tasks import H07

_RULES = (
    *(H01, H02, H03, H04, H05, H06, H07, H08, H09, H10, H11, H12, H13, H14, H15, H16),
    *(H17, H18, H19, H20, H21, H22, H23, H24, H25, H26, H27, H28, H29, H30),
)
RULES: dict[str, Rule] = {each.id: each for each in _RULES}
"""Rules by id."""
