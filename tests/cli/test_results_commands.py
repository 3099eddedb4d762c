"""What comes out of a ledger: tables, exports, pictures, job scripts; and sinter's files, in and out."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import Folder

COMMANDS = ["studies", "run", "status", "table", "plot", "report", "export", "import", "merge", "verify", "sbatch"]


@pytest.fixture
def coins(folder: Folder) -> Folder:
    """A folder with a finished ledger ``out``."""
    folder.coins()
    folder.made("coin.toml", "out")
    return folder


def test_help_names_every_command_and_the_exit_codes(folder: Folder) -> None:
    done = folder.qsim("--help")
    assert done.code == 0
    assert re.findall(r"^  (\w+)  ", done.output.partition("Commands:")[2], re.M) == COMMANDS
    assert "0 complete, 2 usage, 3 stopped and resumable, 4 some tasks failed" in " ".join(done.output.split())
    assert folder.qsim("--version").output == "qsim, version 0.1.0\n"
    unknown = folder.qsim("frobnicate")
    assert unknown.code == 2
    assert "No such command 'frobnicate'" in unknown.errors


def test_studies_show_parameters_with_ranges_units_and_defaults(folder: Folder) -> None:
    everything = folder.qsim("studies").output
    assert {"coin", "qec.memory"} <= {line.split()[0] for line in everything.splitlines() if line[0] != " "}
    one = folder.qsim("studies", "qec.memory").output
    assert "p: a number in [0, 1] or nothing [None]\n        physical error rate of the noise model [1]" in one
    assert re.search(r"rounds: .*\n .*\[rounds\]", one)
    assert "coin" not in one
    unknown = folder.qsim("studies", "qec.memroy")
    assert unknown.code == 2
    assert "did you mean 'qec.memory'?" in unknown.errors


def test_the_three_tables_say_the_same(coins: Folder) -> None:
    done = coins.qsim("table", "out", "--csv")
    assert (done.code, done.output, done.errors) == (0, coins.csv("out"), "")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert list(rows[0]) == ["study", "task_id", "p", "shots", "errors", "value", "low", "high"]
    table = json.loads(coins.qsim("table", "out", "--json").output)
    assert table["study"] == "coin"
    for row, same in zip(rows, table["rows"], strict=True):
        assert (row["task_id"], float(row["p"])) == (same["task_id"], same["labels"]["p"])
        assert (int(row["shots"]), int(row["errors"])) == (same["shots"], same["errors"])
        assert [float(row[name]) for name in ("value", "low", "high")] == [same[n] for n in ("value", "low", "high")]
    text = coins.qsim("table", "out").output
    assert [line.split()[:3] for line in text.splitlines()[3:6]] == [
        [row["p"], f"{int(row['shots']):,}", row["errors"]] for row in rows
    ]


def test_intervals_of_other_kinds_can_be_asked_for(coins: Folder) -> None:
    widths = {}
    for kind in ("likelihood_ratio", "clopper_pearson", "wilson", "anytime"):
        rows = csv.DictReader(io.StringIO(coins.qsim("table", "out", "--csv", "--interval", kind).output))
        widths[kind] = [float(row["high"]) - float(row["low"]) for row in rows]
    assert len({tuple(found) for found in widths.values()}) == 4
    assert all(a > b for a, b in zip(widths["anytime"], widths["clopper_pearson"], strict=True))
    assert coins.qsim("table", "out", "--interval", "hope").code == 2


def test_status_as_json_adds_up(coins: Folder) -> None:
    status = json.loads(coins.qsim("status", "out", "--json").output)
    assert (status["study"], status["tasks"], status["complete"], status["failed"]) == ("coin", 3, 3, 0)
    assert (status["shots"], status["surplus"], status["problems"]) == (3 * 2048, 0, [])


def test_a_torn_line_is_reported_and_only_its_batch_runs_again(coins: Folder) -> None:
    before = coins.csv("out")
    (shard,) = (coins.path / "out" / "shards").glob("*.jsonl")
    shard.write_bytes(shard.read_bytes()[:-20])
    assert "note: " in coins.qsim("status", "out").output
    again = coins.run("coin.toml", "out")
    assert again.code == 0
    assert "torn last line skipped" in again.errors
    assert "1 batches run" in again.errors
    assert coins.csv("out") == before


def test_csv_and_parquet_exports_hold_the_table(coins: Folder) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    assert coins.qsim("export", "out").output == "out/table.csv\n"
    assert (coins.path / "out" / "table.csv").read_text() == coins.csv("out")
    assert coins.qsim("export", "out", "--format", "parquet", "--out", "t.parquet").output == "t.parquet\n"
    frame = pandas.read_parquet(coins.path / "t.parquet")
    for name, cells in pandas.read_csv(io.StringIO(coins.csv("out")), dtype=str).items():
        assert [type(value)(cell) for value, cell in zip(frame[name].tolist(), cells, strict=True)] == list(frame[name])


def test_plot_and_report_are_written_beside_the_ledger_or_where_asked(coins: Folder) -> None:
    assert coins.qsim("plot", "out").output.split() == ["out/plot.svg", "out/plot.png"]
    assert coins.qsim("plot", "out", "--out", "a.svg", "--out", "b.png").output.split() == ["a.svg", "b.png"]
    assert (coins.path / "a.svg").read_text().lstrip().startswith("<?xml")
    assert (coins.path / "b.png").read_bytes().startswith(b"\x89PNG")
    assert coins.qsim("report", "out").output == "out/report.html\n"
    assert "</html>" in (coins.path / "out" / "report.html").read_text()
    refused = coins.qsim("plot", "out", "--out", "a.gif")
    assert refused.code == 2
    assert "a.gif: cannot draw into this file" in refused.errors


def test_a_fit_that_cannot_be_is_refused_when_named(coins: Folder) -> None:
    done = coins.qsim("plot", "out", "--fit", "threshold")
    assert (done.code, done.output) == (2, "")
    assert "coin" in done.errors


def test_job_scripts_are_bash_and_share_one_seed(folder: Folder) -> None:
    sweep = folder.coins()
    words = ["sbatch", "coin.toml", "--out", "out", "--shards", "3", "--time", "01:00:00"]
    own = folder.qsim(*words)
    assert own.code == 0
    assert " --seed " not in own.output  # the sweep names its own
    subprocess.run(["bash", "-n"], input=own.output.encode(), check=True)
    sweep.write_text(sweep.read_text().replace("seed = 20261122\n", ""))
    drawn = [folder.qsim(*words).output for _ in range(2)]
    seeds = [re.findall(r" --seed (\d+)", text) for text in drawn]
    assert len(seeds[0]) == len(seeds[1]) == 1
    assert seeds[0] != seeds[1]
    written = folder.qsim(*words, "--script", "job.sh")
    assert "submit it with `sbatch job.sh`" in written.output
    subprocess.run(["bash", "-n", str(folder.path / "job.sh")], check=True)
    for change, said in ((["--shards", "0"], "shards"), (["--time", "soon"], "time"), (["--time", "1"], "time")):
        refused = folder.qsim(*words, *change)
        assert (refused.code, refused.output) == (2, "")
        assert f"{said}: " in refused.errors


def _collect(path: Path) -> list[Any]:
    import sinter
    import stim

    sinter_tasks = []
    for p in (0.01, 0.02):
        circuit = stim.Circuit.generated(
            "surface_code:rotated_memory_z", distance=3, rounds=2, after_clifford_depolarization=p
        )
        sinter_tasks.append(sinter.Task(circuit=circuit, decoder="pymatching", json_metadata={"d": 3, "p": p}))
    return sinter.collect(
        num_workers=1, tasks=sinter_tasks, max_shots=2000, max_errors=10_000, save_resume_filepath=path
    )


def test_sinter_statistics_come_in_and_go_out_unchanged(folder: Folder) -> None:
    """Oracle: sinter itself, which wrote the file and reads what comes back."""
    sinter = pytest.importorskip("sinter")
    collected = {found.strong_id: found for found in _collect(folder.path / "stats.csv")}
    assert len(collected) == 2
    for _ in range(2):  # importing again changes nothing
        done = folder.qsim("import", "stats.csv", "--out", "imported")
        assert (done.code, done.output) == (0, "2 tasks imported into imported\n")
    rows = list(csv.DictReader(io.StringIO(folder.csv("imported"))))
    assert {row["task_id"]: (int(row["shots"]), int(row["errors"])) for row in rows} == {
        name: (found.shots, found.errors) for name, found in collected.items()
    }
    assert folder.qsim("export", "imported", "--format", "sinter-csv", "--out", "back.csv").code == 0
    back = {found.strong_id: found for found in sinter.read_stats_from_csv_files(folder.path / "back.csv")}
    assert back.keys() == collected.keys()
    for name, found in back.items():
        same = collected[name]
        assert (found.shots, found.errors, found.discards) == (same.shots, same.errors, same.discards)
        assert (found.decoder, found.json_metadata) == (same.decoder, same.json_metadata)
    for words in (["verify", "imported"], ["run", "coin.toml", "--out", "imported"]):
        folder.coins()
        assert folder.qsim(*words).code == 2


def test_statistics_without_metadata_go_out_as_they_came(folder: Folder) -> None:
    sinter = pytest.importorskip("sinter")
    head = "shots,errors,discards,seconds,decoder,strong_id,json_metadata,custom_counts\n"
    folder.write("stats.csv", head + "100,3,1,0.1,pymatching,abc,null,\n")
    assert folder.qsim("import", "stats.csv", "--out", "out").code == 0
    assert folder.qsim("export", "out", "--format", "sinter-csv", "--out", "back.csv").code == 0
    assert sinter.read_stats_from_csv_files(folder.path / "back.csv") == sinter.read_stats_from_csv_files(
        folder.path / "stats.csv"
    )


def test_other_counts_for_a_known_task_are_refused_and_an_import_cut_short_is_finished(folder: Folder) -> None:
    head = "shots,errors,discards,seconds,decoder,strong_id,json_metadata,custom_counts\n"
    folder.write("one.csv", head + '100,3,0,0.1,pymatching,abc,"{""d"":3}",\n')
    folder.write("two.csv", head + '100,4,0,0.1,pymatching,abc,"{""d"":3}",\n')
    assert folder.qsim("import", "one.csv", "--out", "out").code == 0
    before = folder.files()
    done = folder.qsim("import", "two.csv", "--out", "out")
    assert done.code == 2
    assert "these files say something else than the ledger: got task abc" in done.errors
    assert folder.files() == before
    (shard,) = (folder.path / "out" / "shards").glob("*.jsonl")
    shard.unlink()  # as if it had been killed after the manifest
    assert folder.qsim("import", "one.csv", "--out", "out").code == 0
    assert "abc,3,pymatching,100,3," in folder.csv("out")
    refused = folder.qsim("import", "out/manifest.json", "--out", "other")
    assert refused.code == 2
    assert "not a sinter statistics file" in refused.errors


def test_a_memory_ledger_exports_what_sinter_reads(folder: Folder) -> None:
    sinter = pytest.importorskip("sinter")
    folder.write(
        "memory.toml",
        'study = "qec.memory"\nseed = 1\n[params]\ncode = "repetition"\n[grid]\ndistance = [3]\np = [0.02, 0.05]\n'
        "[stop]\nmax_shots = 2000\n",
    )
    folder.made("memory.toml", "out")
    assert folder.qsim("export", "out", "--format", "sinter-csv").output == "out/stats.csv\n"
    found = sinter.read_stats_from_csv_files(folder.path / "out" / "stats.csv")
    rows = list(csv.DictReader(io.StringIO(folder.csv("out"))))
    assert sorted((stats.json_metadata["p"], stats.shots, stats.errors) for stats in found) == [
        (float(row["p"]), int(row["shots"]), int(row["errors"])) for row in rows
    ]
    coin = folder.coins()
    folder.made(coin.name, "coins")
    refused = folder.qsim("export", "coins", "--format", "sinter-csv")
    assert refused.code == 2
    assert "this study has no sinter form" in refused.errors
