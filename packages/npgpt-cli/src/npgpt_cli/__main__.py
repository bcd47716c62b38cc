"""``python -m npgpt_cli`` is ``npgpt``."""

from npgpt_cli.main import main

if __name__ == "__main__":
    main(prog_name="npgpt")
