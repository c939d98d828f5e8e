"""index/ beside Python's `packaging`, which every client obeys: versions, specifiers, tags and wheel names, case by case.

`packaging` is the one inside the newest pip of versions.toml; our side is tests/clients/answers.cpp. Cases are listed and
made up, the same ones in every run."""
import importlib
import itertools
import random
import subprocess
import sys

import case

# Spellings that people, guides and old releases use, and what comes near one.
VERSIONS = """
0 0.0 00.01 1 1.0 1.0.0 1.0.0.0 01.1 1.01 2.0 10.0 1.10 1.9 1!0.1 1!1.0 2!0 0!1.0 2012.4 20240131235959123456789
1.0a 1.0a1 1.0.a.1 1.0-alpha-1 1.0_alpha_1 1.0alpha 1.0b2 1.0.beta2 1.0-beta.2 1.0c3 1.0rc3 1.0pre3 1.0preview3 1.0-rc
1.0.RC3 1.0A1 1.0a01 1.0a001 1.0post 1.0.post 1.0post1 1.0-post1 1.0.post1 1.0.post01 1.0-1 1.0-01 1.0r4 1.0rev4 1.0-r4
1.0.dev 1.0dev 1.0.dev0 1.0dev1 1.0-dev2 1.0_dev_3 1.0a1.dev1 1.0a1.post1 1.0a1.post1.dev2 1.0.post1.dev2 1.0rc1.post2
1.0b2-346 1.0b2.post345.dev456 1.0c1.dev456 1.0.post456.dev34 1.1.dev1 v1.0 V1.0 v1.0-Alpha.1+CU102_x
1.9.0 1.9.0+cpu 1.9.0+cpu.cxx11.abi 1.9.0+cu102 1.9.0+cu111 1.9.0+cu126.cxx11 1.9.0+cu130 1.9.0+cu80 1.9.0+cu92
1.9.0+rocm10.0 1.9.0+rocm4.2 1.9.0+xpu 1.9.0+1 1.9.0+01 1.9.0+2 1.9.0+10 1.9.0+1.cu92 1.9.0+cu92.1 1.9.0+CU92 1.9.0+cu_92
1.9.0+cu-92 1.9.0+cu.12.8.torch.2.11 1.9.0+cu117.with.pypi.cudnn 1.9.0a0+git1234567 2.12.0.dev20260101+cu130 3.5.0+git0abc
2.0.0a0 0.10.0a0+7f7a1f2 1.0+abc.5 1.0+abc.7 1.0+5 1.0+ubuntu-1 1.0+000123 1.0+0a 1.0+a0 1.0.dev1+x 1.0.post1+x 1.0a1+x
1.0+ +1.0 1.0++a 1.0+a+b 1.0+a..b 1.0+.a 1.0+a. 1.0.a.b 1..0 .1 1. 1.0. a1 1.0x french-toast 1.0- 1.0-dev-post 1!  !1 1!!1
1.0.dev1.post1 1.0a1b1 1.0.post1a1 v 1.0.post.dev 1.0-a 1.0-a.post 1.0_1 1,0 1.0*
""".split() + ["", " 1.0", "1.0 ", "\v1.0\f", " v1.0rc1 ", "1 .0", "1. 0", "1.0 a1", "1.0\x00", "１.0", "1.0+é"]

OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "~=", "===")

PLATFORMS = ["win_amd64", "win32", "win_arm64", "manylinux_2_5_x86_64", "manylinux1_x86_64", "manylinux2010_x86_64",
             "manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_41_x86_64", "manylinux_2_17_aarch64",
             "manylinux_2_34_aarch64", "manylinux_2_12_i686", "musllinux_1_1_x86_64", "musllinux_1_2_aarch64",
             "macosx_10_9_x86_64", "macosx_10_15_x86_64", "macosx_11_0_arm64", "macosx_11_0_x86_64", "macosx_14_0_arm64"]
LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
PYTHONS = [(2, 7, False), (3, 5, False), (3, 6, False), (3, 7, False), (3, 8, False), (3, 11, False), (3, 13, False),
           (3, 13, True), (3, 14, False), (3, 14, True), (3, 15, False), (3, 15, True)]


def fits(client):
    """The clients whose `packaging` is compared with: today's."""
    return client.tool == "pip" and client.release >= (26,)


class PackagingCase(case.ClientCase):
    suite = "packaging"
    needs_origin = False

    def setUp(self):
        super().setUp()
        vendor = self.client.site(self.client.place / "venv") / "pip/_vendor"
        sys.path.insert(0, str(vendor))
        self.addCleanup(sys.path.remove, str(vendor))
        for name in ("version", "specifiers", "tags", "utils", "_manylinux", "_musllinux"):
            setattr(self, name.strip("_"), importlib.import_module(f"packaging.{name}"))
        self.random = random.Random(440)
        self.made = self.make_versions(1500)
        self.good = [text for text in VERSIONS + self.made if self.parsed(text)]

    # ---- the two sides

    def ask(self, questions):
        """Our answers, one for each question (a tuple of texts)."""
        lines = "".join("\t".join(question) + "\n" for question in questions)
        done = subprocess.run([case.Options.answers], input=lines.encode(), stdout=subprocess.PIPE, check=True)
        answers = done.stdout.decode().split("\n")[:-1]
        self.assertEqual(len(questions), len(answers))
        return answers

    def compare(self, questions, theirs):
        """Fails with the first differences; `theirs`: a question's fields → the answer."""
        self.assertGreater(len(questions), 10)
        different = []
        for question, ours in zip(questions, self.ask(questions)):
            expected = theirs(*question[1:])
            if ours != expected:
                different.append(f"{question}: we say {ours!r}, packaging {expected!r}")
        self.assertEqual([], different[:20], f"{len(different)} of {len(questions)}")

    def parsed(self, text):
        try:
            return self.version.Version(text)
        except self.version.InvalidVersion:
            return None

    # ---- cases

    def make_versions(self, count):
        """Versions as the grammar allows them, in all its spellings; the numbers small, so that many are equal."""
        pick, number = self.random.choice, lambda: str(self.random.choice([0, 0, 1, 1, 2, 3, 10, 11]))
        separator = lambda: pick(["", ".", "-", "_"])  # noqa: E731
        made = []
        for _ in range(count):
            text = pick(["", "", "", "v"]) + pick(["", "", "", "1!"])
            text += ".".join(number() for _ in range(pick([1, 2, 2, 3, 3, 4])))
            if pick([0, 0, 1]):
                text += separator() + pick(["a", "b", "rc", "c", "alpha", "beta", "pre", "preview", "RC"])
                text += pick(["", separator() + number()])
            if pick([0, 0, 1]):
                text += pick(["-" + number(), separator() + pick(["post", "rev", "r"]) + pick(["", separator() + number()])])
            if pick([0, 0, 0, 1]):
                text += separator() + "dev" + pick(["", number()])
            if pick([0, 0, 1]):
                words = ["cu102", "cu92", "cu130", "cpu", "1", "2", "10", "rocm6.2", "xpu", "a1", "01", "CU92", "abi"]
                text += "+" + pick([".", "-", "_"]).join(pick(words) for _ in range(pick([1, 1, 2, 3])))
            made.append(text)
        return made

    # ---- PEP 440

    def test_versions_are_normalised_alike(self):
        # What splits our lines or fields is no version to either side, and is not asked.
        texts = [text for text in VERSIONS + self.made if not set(text) & set("\t\n")]
        self.compare([("version", text) for text in texts],
                     lambda text: str(self.parsed(text) or "-"))

    def test_versions_are_understood_alike(self):
        def facts(text):
            version = self.parsed(text)
            return f"{version.is_prerelease:d} {version.is_postrelease:d} {version.is_devrelease:d} {version.local or ''}"

        self.compare([("facts", text) for text in self.good], facts)

    def test_versions_are_ordered_alike(self):
        listed = [text for text in VERSIONS if self.parsed(text)]
        pairs = list(itertools.product(listed, listed))
        pairs += [tuple(self.random.sample(self.good, 2)) for _ in range(10000)]

        def order(a, b):
            a, b = self.parsed(a), self.parsed(b)
            return "<" if a < b else ">" if a > b else "="

        self.compare([("compare", *pair) for pair in pairs], order)

    def made_specifiers(self, count):
        """Clauses around versions that exist, wildcards included; some are none."""
        for _ in range(count):
            operator = self.random.choice(OPERATORS)
            text = self.random.choice(self.good).strip()
            if self.random.random() < 0.25:
                text = str(self.parsed(text).public) + ".*"
            yield self.random.choice(["", " "]).join((operator, text))

    def contains(self, specifiers, text):
        try:
            found = self.specifiers.SpecifierSet(specifiers)
        except self.specifiers.InvalidSpecifier:
            return "-"
        return "yes" if found.contains(self.version.Version(text), prereleases=True) else "no"

    def test_specifiers_take_the_same_versions(self):
        texts = ["1.9.0", "1.9.0+cu102", "1.9", "1.0", "1.0+x", "1.0a1", "1.0.dev1", "1.0.post1", "1.0.post1.dev2", "1.0rc1",
                 "1.1", "1.1a1", "1.10", "2.0", "1!1.0", "1.0.0", "1.0.0.post1", "1.0.1", "1.9.0.post1", "1.9.1"]
        suffixes = ["", ".*"]
        listed = [operator + text + suffix for operator in OPERATORS for text in texts for suffix in suffixes]
        listed += [">=1.0,<2", ">=1.0,!=1.9.*", "~=1.9,!=1.9.0", "", ",", ">=1.0,", " >= 1.0 , < 2 ", "1.0", "=1.0", ">= 1 .0",
                   "~=1", "~=1.0.*", "==1.0+*", "==1.0+x.*", ">1.0+x", "===", "=== foo", "===1.9.0+CU102", "<1.0a1", "<=1.0+x",
                   "==1.*.0", ">=1.*", "!=1.0.dev1.*", "==1.0.post1.*", "==1.0a1.*", "~=1.0a1", "~=1.0.post1", "~=1.0+x", "==v1.0"]
        questions = [("contains", clause, text) for clause in listed for text in texts]
        for clause in self.made_specifiers(6000):
            near = self.random.choice(self.good)
            questions.append(("contains", clause, near))
            questions.append(("contains", clause, self.random.choice(texts)))
        questions = [question for question in questions if not set("".join(question)) & set("\t\n")]
        self.compare(questions, self.contains)

    def test_a_choice_is_among_the_same_versions(self):
        def filtered(specifiers, *texts):
            try:
                found = self.specifiers.SpecifierSet(specifiers)
            except self.specifiers.InvalidSpecifier:
                return "-"
            return " ".join(map(str, found.filter([self.version.Version(text) for text in texts])))

        questions = []
        for clause in [*self.made_specifiers(2000), "", "", ">=1.0,<2.0a1", "!=1.0a1", "==1.0a1,>=0.9", ">1.0.dev0,<3"]:
            good = [self.random.choice(self.good).strip() for _ in range(self.random.choice([2, 3, 5, 8]))]
            questions.append(("matching", clause, *good))
        self.compare([question for question in questions if not set("".join(question)) & set("\t\n")], filtered)

    # ---- PEP 425, 600, 656

    def platforms(self, name):
        """All the platform tags of the machine that `name` is the newest of."""
        family, _, rest = name.partition("_")
        if family.startswith("win"):
            return [name]
        if family == "macosx":
            major, minor, arch = rest.split("_", 2)
            return list(self.tags.mac_platforms((int(major), int(minor)), arch))
        if family == "musllinux":
            major, minor, arch = rest.split("_", 2)
            self.musllinux._get_musl_version = lambda _: self.musllinux._MuslVersion(int(major), int(minor))
            return [*self.musllinux.platform_tags([arch]), f"linux_{arch}"]
        arch = rest if family in LEGACY else rest.split("_", 2)[2]
        glibc = LEGACY[family] if family in LEGACY else tuple(map(int, rest.split("_")[:2]))
        self.manylinux._get_glibc_version = lambda: glibc
        self.manylinux._have_compatible_abi = lambda *_: True
        self.manylinux._is_compatible = lambda _, version: version <= glibc
        return [*self.manylinux.platform_tags([arch]), f"linux_{arch}"]

    def all_tags(self, python, platform):
        major, minor, free = python
        name = f"cp{major}{minor}"
        abi = name + ("t" if free else "m" if (major, minor) < (3, 8) else "")
        if (major, minor) < (3, 3) and "linux" in platform:
            abi += "u"
        platforms = self.platforms(platform)
        return [str(tag) for tag in (*self.tags.cpython_tags((major, minor), [abi], platforms),
                                     *self.tags.compatible_tags((major, minor), name, platforms))]

    def test_tags_are_ranked_alike(self):
        """Every tag of every machine at its place; those of other machines nowhere."""
        machines = {(python, platform): self.all_tags(python, platform) for python in PYTHONS for platform in PLATFORMS}
        every = sorted(set().union(*machines.values()))
        self.assertGreater(len(every), 2000)
        for (python, platform), tags in machines.items():
            place = {}
            for tag in tags:
                place.setdefault(tag, len(place))
            interpreter = f"cp{python[0]}{python[1]}{'t' if python[2] else ''}"
            asked = [*place, *self.random.sample(every, 200)]
            self.compare([("rank", interpreter, platform, f"a-1-{tag}.whl") for tag in asked],
                         lambda _, __, wheel, place=place: str(place.get(wheel[4:-4], "-")))

    def test_wheels_with_many_tags_take_the_best(self):
        tags = self.all_tags((3, 11, False), "manylinux_2_28_x86_64")
        place = {tag: at for at, tag in enumerate(tags)}
        names = ["a-1-py2.py3-none-any.whl", "a-1-cp310.cp311-abi3.none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
                 "a-1-cp311-cp311-manylinux_2_35_x86_64.manylinux_2_28_x86_64.whl", "a-1-cp312-cp312-win_amd64.whl",
                 "a-1-1-cp36.cp37-abi3-manylinux1_x86_64.manylinux_2_5_x86_64.whl", "a-1-7cuda-py3-none-linux_x86_64.whl",
                 "a-1-CP311-CP311-LINUX_X86_64.whl", "a-1-py3-none-any.manylinux2010_x86_64.whl", "a-1-py30.py31-none-any.whl",
                 "a-1-cp311-none-any.whl", "a-1-py311-none-any.whl"]

        def best(_, __, name):
            expanded = self.tags.parse_tag("-".join(name[:-4].split("-")[-3:]))
            return str(min((place[str(tag)] for tag in expanded if str(tag) in place), default="-"))

        self.compare([("rank", "cp311", "manylinux_2_28_x86_64", name) for name in names], best)

    # ---- PEP 427

    def test_wheel_names_are_read_alike(self):
        names = """a-1-py3-none-any.whl a-1-2-py3-none-any.whl a-1-2cuda-py3-none-any.whl a-1-x2-py3-none-any.whl
            A_b.C-1.0-py3-none-any.whl a-1.0+cu102-cp36-cp36m-win_amd64.whl a-x-py3-none-any.whl
            a-1-py3-none.whl a-1-py3-none-any.zip a--py3-none-any.whl a-1.0.post1.dev2-py2.py3-none-any.whl -1-py3-none-any.whl a-1-py3-none-any-.whl a-v1.0RC1-py3-none-any.whl a-1!2.0-py3-none-any.whl
            torch-2.8.0+cu128-cp313-cp313t-manylinux_2_28_x86_64.whl a-1-0-py3-none-any.whl a-1-007_b-py3-none-any.whl
            a.b-1-py3-none-any.whl a-1-1-2-py3-none-any.whl""".split()

        def read(name):
            try:
                project, version, build, _ = self.utils.parse_wheel_filename(name)
            except (self.utils.InvalidWheelFilename, self.version.InvalidVersion):
                return "-"
            python, abi, platform = name[:-4].split("-")[-3:]
            tag = "".join(map(str, build)) if build else "-"
            # packaging keeps a build's number as a number: "007_b" is (7, "_b").
            raw = name[:-4].split("-")
            return f"{project} {version} {raw[2] if build else tag} {python} {abi} {platform}"

        self.compare([("wheel", name) for name in names], read)
        # Files that stand on PyPI's pages and that pip installed for years: old builders wrote "-" as "_", and names as
        # they were.
        generous = {"a-1.0_1-py3-none-any.whl": "a 1.0.post1 - py3 none any", "a__b-1-py3-none-any.whl": "a-b 1 - py3 none any"}
        self.assertEqual(list(generous.values()), self.ask([("wheel", name) for name in generous]))
        self.assertEqual({"-"}, {read(name) for name in generous}, "packaging takes them again: compare them above")

    def test_build_tags_are_ordered_alike(self):
        builds = ["", "0", "1", "2", "10", "1a", "1b", "2a", "1_cuda", "01", "007_b", "7_b", "1A"]

        def key(build):
            if not build:
                return ()
            return self.utils.parse_wheel_filename(f"a-1-{build}-py3-none-any.whl")[2]

        self.compare([("build", *pair) for pair in itertools.product(builds, builds)],
                     lambda a, b: "<" if key(a) < key(b) else ">" if key(a) > key(b) else "=")
