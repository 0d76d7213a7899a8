"""The command line as a whole: its commands, and how their errors are told."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast

import typer

from alloop import logs
from alloop.cli import edits, instruments, keeping, planning, rehearsal, replaying, results, serving, upkeep
from alloop.cli.options import PLACE
from alloop.cli.terminal import complain, emit
from alloop.errors import AlloopError, Problem, UserError

DONE, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130

# The root of what typer raises about options and arguments; where it lives depends on typer's version.
_UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])

app = typer.Typer(
    name="alloop",
    help="Plans the next plate of solid-electrolyte experiments, takes its results back, and learns.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    rehearsal.demo,
    planning.space,
    planning.init,
    planning.plan,
    planning.approve,
    planning.reject,
    planning.cancel,
    edits.swap,
    edits.lock,
    edits.exclude,
    results.made,
    planning.close,
    results.upload,
    instruments.inspect,
    instruments.rederive,
    results.retract,
    results.suspect,
    results.trust,
    results.status,
    rehearsal.run,
    replaying.replay,
    results.report,
    results.export,
    upkeep.ingest,
    upkeep.round,
    upkeep.release,
    upkeep.due,
    keeping.backup,
    keeping.restore,
    keeping.doctor,
    serving.serve,
    serving.watch,
):
    app.command()(_command)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Database, raw files and plates; else ALLOOP_HOME or ./alloop-data."
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and library warnings.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Plans the next plate of solid-electrolyte experiments, takes its results back, and learns."""
    PLACE.home, PLACE.debug = home, debug
    logs.set_up("debug" if debug else "error")
    if not debug:
        warnings.simplefilter("ignore")
    if version:
        from importlib.metadata import version as version_of

        print(version_of("alloop"))
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 2 the input is wrong (a line per problem), 1 alloop failed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code; problems are told on stderr, with `--json` on stdout as well."""
    try:
        code = app(arguments, prog_name="alloop", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except _UsageError as error:
        what = str(error.format_message()).strip().rstrip(".")  # type: ignore[attr-defined]
        return _tell([Problem("", what, f"see {_help_of(arguments)}")], arguments, USER_ERROR)
    except UserError as error:
        return _tell(error.problems, arguments, USER_ERROR, error)
    except AlloopError as error:
        return _tell([Problem("", line) for line in str(error).splitlines()], arguments, FAILED, error)
    except (KeyboardInterrupt, typer.Abort):
        return _tell(
            [Problem("", "stopped; what was not recorded yet is not recorded")], arguments, INTERRUPTED
        )
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        what = f"the file or folder cannot be used ({error.strerror or error})"
        return _tell([Problem(str(error.filename or ""), what)], arguments, FAILED, error)
    except Exception as error:
        what = f"alloop failed: {type(error).__name__}: {error}"
        mend = "this is a fault of alloop; alloop --debug COMMAND shows where"
        return _tell([Problem("", " ".join(what.split()), mend)], arguments, FAILED, error)


def _tell(
    problems: Sequence[Problem], arguments: list[str], code: int, error: BaseException | None = None
) -> int:
    if PLACE.debug and error is not None:
        import traceback

        traceback.print_exception(error)
    complain(problems)
    if "--json" in arguments:
        emit({"problems": list(problems)})
    return code


def _help_of(arguments: list[str]) -> str:
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    found = next((one for one in arguments if one in names), None)
    return f"alloop {found} --help" if found else "alloop --help"
