"""`./lab people FILE [NAME --role ROLE | NAME --remove]`: who may log in to the console."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError
from lab_operator.people.roles import ROLES
from lab_operator.people.roster import LONGEST_PASSWORD, Roster, read_roster


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(
        prog="lab people",
        description="Who may log in to the operator's console. The password is asked for, or read from"
        " standard input. Without a name: list them.",
    )
    parser.add_argument("file", type=file_path, help="YAML file of the people; made when it is not there")
    parser.add_argument("name", nargs="?", help="whom to add, to change or to remove")
    parser.add_argument("--role", choices=list(ROLES), help="what the person may do; docs/console.md")
    parser.add_argument("--remove", action="store_true", help="the person may not log in any more")
    options = parser.parse_args(argv)
    if options.name is not None and bool(options.role) == options.remove:
        parser.error(f"'{options.name}': give either --role or --remove")
    if options.name is None and (options.role or options.remove):
        parser.error("name the person")
    try:
        adds = options.name is not None and not options.remove
        roster = Roster({}) if adds and not options.file.exists() else read_roster(options.file)
        if options.remove:
            roster.without(options.name).write(options.file)
        elif adds:
            roster.with_person(options.name, options.role, _password()).write(options.file)
        else:
            for person in roster:
                print(f"{person.name}: {person.role}")
    except (ConfigurationError, KeyboardInterrupt) as error:
        print(f"lab people: {error or 'nothing was changed'}", file=sys.stderr)
        return 2
    return 0


def _password() -> str:
    """Raises ConfigurationError when it was mistyped."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigurationError("the two passwords differ: nothing was changed")
    return password


if __name__ == "__main__":
    sys.exit(main())
