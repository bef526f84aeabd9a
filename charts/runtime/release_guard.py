"""Whether a database may be used by the release of GlitchTip that a container brings.

From 5.2 to 6.2 there is no way back but a backup: the migration drops all but the newest events, 6.2 never looks into the
queue of 5.2, and 5.2 cannot use what 6.2 made of its tables. So a changed `version` alone migrates nothing, however often it
is applied: the step must be named in the ConfigMap glitchtip-upgrade (key `step`), which is mounted here and in no manifest. The
operator names it, when `glitchkeeper upgrade` has come so far (operator/core/upgrade/).
"""

# By what the table of events is partitioned. What is not known here, or not there yet, is not for this guard to judge.
RELEASES = {"RANGE (received)": "5.2", "RANGE (id)": "6.2"}
PARTITION_KEY = "SELECT pg_get_partkeydef(to_regclass('public.issue_events_issueevent'))"
STEP_FILE = "/run/upgrade/step"


def refusal(cursor, release):
    """Why containers of this release must leave the database alone; None: they may use it."""
    cursor.execute(PARTITION_KEY)
    found = RELEASES.get(cursor.fetchone()[0])
    step = f"{found}-{release}"
    if found is None or found == release or step == read_word(STEP_FILE):
        return None
    if found < release:
        remedy = f"set version back to {found} and apply; glitchkeeper upgrade {release} leads there"
    else:
        remedy = f"set version back to {found} and apply, or restore the copy that was made before the upgrade"
    return f"the database is of GlitchTip {found}, this is {release}, and nothing is changed: {remedy} (docs/runbooks/upgrade.md)"


def read_word(path):
    """What the operator wrote into a key of a ConfigMap that is mounted here; None: there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None
