"""Settings of the garbage collector for a server whose start-up objects live as long as the process."""

import gc


def collect_rarely(young_objects: int) -> None:
    """Call at the end of the start. Exempts all present objects from later collections.

    `young_objects`: the growth of container objects that starts a collection. Requests make few reference cycles:
    with the default of 700, a busy server spends 5 to 10 % of its CPU on collections that find almost nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young_objects, 20, 50)
