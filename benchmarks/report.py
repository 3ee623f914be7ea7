"""The benchmark's result as Markdown and as a chart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

__all__ = ["Results", "chart", "tables"]

Results = Mapping[tuple[int, int, str], Mapping[str, float]]
"""Delay of the server in ms, calls in flight, candidate; then what was measured."""

_INTRODUCTION: Final = """# Benchmarks

Made by `make bench` on this machine: {machine}. Each figure comes from a process of its own on one core, against a
server on another; rounds are interleaved and medians taken. Figures of another machine differ; the ratios are what
counts. `floor` is prebuilt bytes over asyncio's streams, without errors, time-outs, retries or a pool.

![Requests a second by calls in flight](benchmarks.svg)
"""


def tables(results: Results, memory: Mapping[tuple[str, str], float], machine: str) -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION.format(machine=machine)]
    delays = sorted({delay for delay, _, _ in results})
    for delay in delays:
        what = "that answers at once" if not delay else f"that takes {delay} ms to answer"
        parts.append(f"## Requests a second, against a server {what}\n\n" + _rates(results, delay))
    for measure, title in (
        ("cpu_us", "CPU per call, in microseconds"),
        ("p50_ms", "Median latency, in milliseconds"),
        ("p99_ms", "99th percentile of latency, in milliseconds"),
        ("peak_mib", "Peak memory, in MiB"),
    ):
        parts.append(f"## {title}, server that answers at once\n\n" + _plain(results, delays[0], measure))
    modes = {
        "at once": "tasks, all at once",
        "queue": "tasks before a semaphore of 200",
        "feed": "a feed, by 200 tasks",
    }
    rows = [[name, *(_of(memory, mode, name) for mode in modes)] for name in _names_of(memory)]
    head = ["", *modes.values()]
    parts.append("## Peak memory of 100,000 sends, in MiB\n\n" + _table(head, rows))
    return "\n".join(parts)


def _of(memory: Mapping[tuple[str, str], float], mode: str, name: str) -> str:
    return f"{memory[mode, name]:.0f}" if (mode, name) in memory else "—"


def _names_of(memory: Mapping[tuple[str, str], float]) -> list[str]:
    return list(dict.fromkeys(name for _, name in memory))


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(name for _, _, name in results))


def _in_flight(results: Results) -> list[int]:
    return sorted({in_flight for _, in_flight, _ in results})


def _rates(results: Results, delay: int) -> str:
    rows: list[list[str]] = []
    for name in _names(results):
        cells = [name]
        for in_flight in _in_flight(results):
            one, reference = results.get((delay, in_flight, name)), results.get((delay, in_flight, "httpx"))
            if one is None:
                cells.append("—")
                continue
            ratio = f" ({one['per_second'] / reference['per_second']:.2f})" if reference is not None else ""
            cells.append(f"{one['per_second']:,.0f}{ratio}")
        rows.append(cells)
    return "In brackets: times raw httpx.\n\n" + _table(_head(results), rows)


def _plain(results: Results, delay: int, measure: str) -> str:
    rows: list[list[str]] = []
    for name in _names(results):
        found = [results.get((delay, in_flight, name)) for in_flight in _in_flight(results)]
        rows.append([name, *("—" if one is None else f"{one[measure]:,.2f}" for one in found)])
    return _table(_head(results), rows)


def _head(results: Results) -> list[str]:
    return ["", *(f"{in_flight} in flight" for in_flight in _in_flight(results))]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_BAR, _GAP, _LEFT, _WIDTH = 14, 26, 150, 720
_ROOM = 60
"""For the figure behind the longest bar."""

# A page may be dark: the colours follow the reader's setting.
_STYLE: Final = """<style>
text { font: 11px sans-serif; fill: #1f2328 } .head { font-size: 13px; font-weight: bold }
rect { fill: #8c959f } .ours { fill: #1f6feb } .ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } rect { fill: #6e7681 } .ours { fill: #4493f8 } .ground { fill: #0d1117 }
}
</style>
<rect class="ground" width="100%" height="100%"/>"""


def chart(results: Results) -> str:
    """Return bars of requests a second: a group for each server and number in flight."""
    lines: list[str] = []
    y = 24
    for delay in sorted({delay for delay, _, _ in results}):
        most = max(one["per_second"] for key, one in results.items() if key[0] == delay)
        for in_flight in _in_flight(results):
            how = f"after {delay} ms" if delay else "at once"
            lines.append(f'<text class="head" x="10" y="{y}">{in_flight} in flight, answered {how}</text>')
            group = [
                (name, results[delay, in_flight, name])
                for name in _names(results)
                if (delay, in_flight, name) in results
            ]
            lines += [_bar(name, one["per_second"], most, y + 8 + row * _BAR) for row, (name, one) in enumerate(group)]
            y += 8 + len(group) * _BAR + _GAP
    title = "<title>Requests a second, side by side</title>"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y - 10}" role="img">'
    return "\n".join([opening, title, _STYLE, *lines, "</svg>", ""])


def _bar(name: str, value: float, most: float, y: int) -> str:
    width = max(1.0, value / most * (_WIDTH - _LEFT - _ROOM))
    ours = ' class="ours"' if name.startswith("connectly-api") else ""
    return (
        f'<text x="{_LEFT - 8}" y="{y + 10}" text-anchor="end">{escape(name)}</text>'
        f'<rect{ours} x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 3}"/>'
        f'<text x="{_LEFT + width + 5:.1f}" y="{y + 10}">{value:,.0f}</text>'
    )
