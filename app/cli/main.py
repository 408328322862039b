"""`rail-debug`: the verbs, each imported when it is called."""

import importlib

import click

VERBS = {
    "ask": "app.cli.ask:ask",
    "serve": "app.serve:serve",
    "ingest": "app.cli.ingest:ingest",
    "forget": "app.cli.forget:forget",
    "search": "app.cli.search:search",
    "code": "app.cli.code:code",
    "reindex": "app.cli.reindex:reindex",
    "backup": "app.cli.backup:backup",
    "restore": "app.cli.restore:restore",
    "runs": "app.cli.runs:runs",
    "replay": "app.cli.replay:replay",
    "diff": "app.cli.diff:diff",
    "doctor": "app.cli.doctor:doctor",
    "keys": "app.cli.keys:keys",
    "eval": "app.cli.eval:evaluate",
    "gaps": "app.cli.gaps:gaps",
    "feedback": "app.cli.feedback:feedback",
    "prompts": "app.cli.prompts:prompts",
    "migrate": "app.cli.migrate:migrate",
    "models": "app.cli.models:models",
    "bench": "app.cli.bench:bench",
}


class Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rail-debug")
def cli() -> None:
    """Diagnose railway control-system faults from your own documents, with a receipt for every statement.

    Exit status: 0 answered, 1 failed, 2 wrong input, 3 unknown code, 4 insufficient evidence,
    5 waits for a person, 6 some files were refused, 7 an evaluation fell behind its baseline,
    8 a replay differs from its record.
    """


def main() -> None:
    cli(prog_name="rail-debug")


if __name__ == "__main__":
    main()
