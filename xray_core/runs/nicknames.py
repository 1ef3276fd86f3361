"""Names of two words for runs, such as swift-otter: easier to say and to tell apart than times."""

import random
from collections.abc import Collection

LONGEST_NICKNAME = 40  # characters
FIRST = (  # noqa: SIM905 - one word a line would be a page
    "amber able agile blithe bold brave brisk bright calm candid clear clever cosy curious "
    "dapper daring deft eager early fair fleet fond frank gentle glad golden grand happy hardy "
    "honest humble jolly keen kind lively loyal lucid lucky mellow merry mild modest neat "
    "nimble noble patient placid plucky polite proud quick quiet ready sage serene sharp shy "
    "silver smooth snug sober solid spry steady sturdy sunny sure swift tidy tender trusty "
    "upbeat vivid warm wise witty"
).split()
SECOND = (  # noqa: SIM905 - one word a line would be a page
    "badger beaver bison bittern buzzard camel cheetah condor coyote crane curlew deer dolphin "
    "dormouse dove eagle egret eland elk falcon ferret finch fox gazelle gecko gibbon goose "
    "grouse hare hawk heron hoopoe ibex ibis jackdaw jay kestrel kite lapwing lark lemur linnet "
    "lynx magpie marmot marten merlin mole moose newt nuthatch ocelot oriole osprey otter owl "
    "panda petrel pika pipit plover puffin quail raven robin salmon seal shrew siskin sparrow "
    "stoat stork swallow swan swift tapir teal tern thrush toad trout turtle vole walrus "
    "warbler weasel wren yak zebra"
).split()


def draw_nickname(taken: Collection[str], rng: random.Random | None = None) -> str:
    """Return two words that name no run yet, e.g. "swift-otter"; with a number once all do.

    Args:
        taken: names that others have.
        rng: a source of chance; by default one of its own, so that a training's seed stays its own.
    """
    rng = rng or random.Random()
    pairs = len(FIRST) * len(SECOND)
    for _ in range(pairs):
        name = f"{rng.choice(FIRST)}-{rng.choice(SECOND)}"
        if name not in taken:
            return name
    name = f"{rng.choice(FIRST)}-{rng.choice(SECOND)}"
    return next(
        f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken
    )


def clean_nickname(text: str) -> str:
    """Return a typed name as it is kept: one line of at most 40 characters, none of them a control.

    Args:
        text: of any origin; a command line may hold bytes that are no text.
    """
    words = text.encode("utf-8", "replace").decode("utf-8")
    words = "".join(c if c.isprintable() else " " for c in words)
    return " ".join(words.split())[:LONGEST_NICKNAME]
