"""``python -m npgpt_cli`` is ``npgpt``."""

from npgpt_cli.main import main

main(prog_name="npgpt")
