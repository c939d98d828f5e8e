"""What real clients choose for the machines of machines.toml: of the page matched to the machine, what was worked out by
hand; beside it, for people to compare, what the same client takes of the same indexes as they are."""
import csv
import pathlib
import shutil
import tempfile
import tomllib
import urllib.request

import heavy_world
import wheel_world
from case import ClientCase, Options
from target import Target
from yizhan import Yizhan

HERE = pathlib.Path(__file__).resolve().parent
MACHINES = tomllib.loads((HERE / "machines.toml").read_text(encoding="utf-8"))["machine"]
TRIO = ("torch", "torchvision", "torchaudio")

# Those that know no yanks, the last for old Pythons, the newest, and uv.
CLIENTS = ("pip-9.0.3-py3.6", "pip-18.1-py3.6", "pip-21.3.1-py3.6", "pip-26.3-py3.11", "uv-0.13.9-py3.11")


def meets(client, machine, everything):
    """Whether this client stands on such a machine; of each change, whether it is tried there."""
    target = Target.of(machine["machine"])
    if client.name not in CLIENTS or not (everything or machine.get("ci")):
        return False
    if client.tool == "uv":
        return not target.hides
    if client.release < (20, 3):
        return target.hides and not target.platform.startswith("macosx")
    return everything or target.hides == (client.release < (22,))


def questions(machine):
    """([requirement, …], {project: what is expected}) one after the other."""
    yield ["torch"], {"torch": machine["torch"]}
    if "pin" in machine:
        yield [machine["pin"][0]], {"torch": machine["pin"][1]}
    yield list(TRIO), dict(zip(TRIO, machine["trio"]))
    if "tensorflow" in machine:
        yield ["tensorflow"], {} if machine["tensorflow"] == "-" else {"tensorflow": machine["tensorflow"]}


class MachinesCase(ClientCase):
    suite = "machines"
    needs_origin = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix=f"yizhan-machines-{cls.client.name}-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.world = cls.enterClassContext(wheel_world.World())
        cls.server = cls.enterClassContext(
            Yizhan(Options.yizhan, cls.root / "store", [cls.world.url + "/simple/"],
                   settings=["--set", f"pytorch.upstream={cls.world.url}/whl/"], log=cls.root / "yizhan.log"))
        cls.environment = cls.root / "venv"
        cls.client.venv(cls.environment)
        cls.picks = []

    @classmethod
    def tearDownClass(cls):
        if Options.update_table and cls.picks:
            with open(HERE / f"machine_picks/{cls.client.name}.csv", "w", encoding="utf-8", newline="") as out:
                table = csv.writer(out, lineterminator="\n")
                table.writerow(["machine", "requirements", "matched", "unmatched"])
                table.writerows(cls.picks)
        super().tearDownClass()

    def choose(self, requirements, target, index, **more):
        self.runs += 1
        return self.client.choose(self.environment, self.folder / f"home-{self.runs}", index, requirements, target,
                                  **more)

    def ask(self, machine):
        target = Target.of(machine["machine"])
        matched = f"{self.server.url}/for/{machine['machine']}/simple/"
        wrong = []
        for requirements, expected in questions(machine):
            if "tensorflow" in requirements and target.linux and not self.client.knows_platforms:
                continue  # it knows none of the platforms that these wheels are for
            found = self.choose(requirements, target, matched)
            if self.client.tool == "uv":  # it names no wheels, and so no labels that names leave out
                expected = {project: version.split(" ")[0] for project, version in expected.items()}
            if found != expected:
                wrong.append(f"{' '.join(requirements)}: expected {_told(expected)}; chosen {_told(found)}\n"
                             f"{self.client.said.words[-2000:]}")
            if Options.update_table:
                plain = self.choose(requirements, target, self.server.url + "/simple/",
                                    extra_index=self.server.url + "/pytorch/whl/")
                self.picks.append([machine["machine"], " ".join(requirements), _told(found), _told(plain)])
        if wrong:
            self.fail(machine.get("why", "") + "\n" + "\n".join(wrong))

    def ask_as_the_guide_does(self):
        """The commands of the guide of 2021, with the host swapped: nothing in them names a machine."""
        target = Target("38", "win_amd64") if self.client.tool == "uv" else Target("37", "win_amd64")
        found = self.choose(["torch==1.9.0+cu102", "torchvision==0.10.0+cu102", "torchaudio===0.9.0"], target,
                            self.server.url + "/simple/", find_links=self.server.url + "/pytorch/whl/torch_stable.html")
        self.assertEqual({"torch": "1.9.0+cu102", "torchvision": "0.10.0+cu102", "torchaudio": "0.9.0 any"},
                         found if self.client.tool == "pip" else {**found, "torchaudio": found.get("torchaudio", "") + " any"},
                         self.client.said.words)
        for project, version in (("torch", "1.4.0"), ("torchvision", "0.5.0")):  # and by hand
            path = f"/whl/cpu/{project}-{version}+cpu-cp37-cp37m-win_amd64.whl"
            with urllib.request.urlopen(self.server.url + "/pytorch" + path.replace("+", "%2B")) as answer:
                self.assertEqual(self.world.files[path], answer.read())
        for requirement, expected in (("tensorflow==2.2.0", "2.2.0"), ("tensorflow-gpu==2.2.0", "2.2.0")):
            found = self.choose([requirement], target, self.server.url + "/simple/")
            self.assertEqual({requirement.split("==")[0]: expected}, found, self.client.said.words)


    def ask_for_what_others_need(self):
        """No torch 2.12 runs on an RTX 5090 with 570.26: who needs it is passed by. And triton stays PyPI's, though
        PyTorch's tree has a 3.5.0+git… that a client would prefer."""
        literal = "driver570.26-rtx_5090-cp312-manylinux_2_35_x86_64"
        index, target = f"{self.server.url}/for/{literal}/simple/", Target.of(literal)
        self.assertEqual({"lamps": "1.0", "torch": "2.11.0+cu128"}, self.choose(["lamps"], target, index),
                         self.client.said.words)
        self.assertEqual({}, self.choose(["lamps==2.0"], target, index), self.client.said.words)
        self.assertEqual({"triton": "3.5.0"}, self.choose(["triton==3.5.0"], target, index), self.client.said.words)

    def resolve_without_the_wheel(self):
        """The index offers no metadata and the wheel has tens of megabytes: nobody fetches it to know what it requires.
        The client itself compares what it resolved with and what it installs."""
        machine = "driver580.95.05-rtx_4090-cp311-manylinux_2_35_x86_64"
        with heavy_world.HeavyWorld() as world, Yizhan(
                Options.yizhan, self.folder / "store", [world.url + "/simple/"],
                settings=["--set", f"pytorch.upstream={world.url}/whl/"], log=self.folder / "yizhan.log") as server:
            index = f"{server.url}/for/{machine}/simple/"
            venv, home = self.fresh()
            outcome = self.client.resolve(venv, home, index, ["torch"])
            self.succeeded(server, outcome)
            self.assertRegex(outcome.words, r"torch(-|==)2\.14\.1\+cu132")
            self.assertRegex(outcome.words, r"filelock(-|==)3\.20\.0", "what its METADATA requires")
            self.assertLess(world.pulled(), 3_000_000, sorted(world.sent))
            self.assertLess(0, world.pulled(world.torch))
            self.succeeded(server, self.client.install(venv, home, index, ["torch"]))
            self.assertGreater(world.pulled(world.torch), heavy_world.LIBRARIES)
            told = urllib.request.urlopen(f"{server.url}/pytorch/whl/cu132/{world.torch.replace('+', '%2B')}.metadata").read()
            installed = self.client.site(venv) / "torch-2.14.1+cu132.dist-info/METADATA"
            self.assertEqual(installed.read_bytes(), told)
        asked = [path for method, path, _ in server.requests() if path.endswith(".metadata")]
        self.assertGreater(len(asked), 1, "the client asked for metadata, not this test alone")


def _told(found):
    return ", ".join(f"{project} {version}" for project, version in sorted(found.items())) or "nothing"


def case_for(client):
    """The suite for this client: a test for each machine that it stands on."""
    def test_for(machine):
        return lambda self: self.ask(machine)
    tests = {"test_" + machine["machine"]: test_for(machine) for machine in MACHINES
             if meets(client, machine, Options.all_machines)}
    if client.name in CLIENTS:
        tests["test_the_guide_of_2021"] = MachinesCase.ask_as_the_guide_does
    if client.name in CLIENTS and client.backtracks:
        tests["test_what_others_need"] = MachinesCase.ask_for_what_others_need
    if client.name in CLIENTS and client.knows_metadata:
        tests["test_resolves_without_the_wheel"] = MachinesCase.resolve_without_the_wheel
    return type("MachinesCase", (MachinesCase,), tests)
