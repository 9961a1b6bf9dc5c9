"""Names for runs that were given none: two words and a number that are easy to say and to find again."""

import secrets

_QUALITIES = (
    "able amber ancient bold brave bright brisk calm careful clever cosy crisp curious daring dapper eager "
    "earnest fair fancy fast fine fleet fond frank free fresh gentle glad golden grand great handy happy hardy "
    "honest humble jolly keen kind lively loyal lucky merry mellow mighty modest neat nimble noble orderly patient "
    "placid plucky polite proud quick quiet rapid rare ready robust rosy serene sharp shiny silent silver sleek "
    "smart smooth snug sober solid spry stately steady still sturdy sunny sure swift tidy tranquil true upbeat "
    "valiant vivid warm wise witty zesty"
)
_CREATURES = (
    "albatross antelope badger bat bear beaver bee bison boar calf carp cat cod colt crab crane cricket crow deer "
    "dolphin donkey dove duck eagle eel elk falcon fawn ferret finch fish fly foal fowl fox frog gnat goat goose "
    "grouse gull hare hawk hen heron horse hound jay kit lamb lark lion lynx mare marten mink mole moose moth mouse "
    "mule newt otter owl ox panda perch pig pike pony quail rabbit ram rat raven robin rook seal shad shark sheep "
    "shrew shrimp skink slug snail snake sow sponge squid stag steed stoat stork swan tern toad trout turtle vole "
    "wasp whale wolf worm wren yak"
)


def new_run_name() -> str:
    """A name such as `steady-heron-417`."""
    return f"{secrets.choice(_QUALITIES.split())}-{secrets.choice(_CREATURES.split())}-{secrets.randbelow(1000)}"
