#!/usr/bin/env python3
"""Tests of the fault runner's own judgement: a matrix that cannot go red proves nothing. Needs no binary, no network."""
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import cases  # noqa: E402
import downloads  # noqa: E402
import farm  # noqa: E402
import moods  # noqa: E402
import rows  # noqa: E402
import station  # noqa: E402
import table  # noqa: E402
import tap  # noqa: E402
import verdict  # noqa: E402

ASK = b"GET /f HTTP/1.1\r\nHost: x\r\n\r\n"
MIB = 1 << 20


def head(*fields, status=200):
    return "\r\n".join([f"HTTP/1.1 {status} words", *fields, "", ""]).encode()


class Silence(unittest.TestCase):
    def setUp(self):
        self.talk = tap.Conversation()

    def answer(self, data, now):
        self.talk.answer(data, now, now)

    def test_is_the_longest_wait_for_a_byte(self):
        self.talk.request(ASK, 10)
        self.answer(head("Content-Length: 10"), 12)
        self.answer(b"12345", 17)
        self.answer(b"67890", 18)
        self.assertEqual((5, 10), (self.talk.longest_silence, self.talk.body_bytes))

    def test_is_none_between_an_answer_and_the_next_request(self):
        self.talk.request(ASK, 0)
        self.answer(head("Content-Length: 1") + b"x", 1)
        self.talk.request(ASK, 100)
        self.answer(head("Content-Length: 0"), 101)
        self.talk.ended(200)
        self.assertEqual(1, self.talk.longest_silence)

    def test_lasts_until_the_client_gives_up(self):
        self.talk.request(ASK, 0)
        self.answer(head("Content-Length: 9") + b"x", 1)
        self.talk.ended(16)
        self.assertEqual(15, self.talk.longest_silence)

    def test_is_not_the_clients_own_slowness(self):
        self.talk.request(ASK, 0)
        self.talk.answer(head("Content-Length: 2") + b"x", 1, 20)
        self.answer(b"y", 21)
        self.assertEqual(1, self.talk.longest_silence)

    def test_knows_answers_without_a_body_and_chunked_ones(self):
        self.talk.request(b"HEAD /f HTTP/1.1\r\n\r\n" + ASK + ASK, 0)
        self.answer(head("Content-Length: 10"), 1)
        self.answer(head(status=304), 2)
        whole = head("Transfer-Encoding: chunked") + b"3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n"
        for place in range(len(whole)):
            self.answer(whole[place:place + 1], 3)
        self.talk.ended(100)
        self.assertEqual((1, 19), (self.talk.longest_silence, self.talk.body_bytes))


def facts(**more):
    told = {"runs": [downloads.Run("0", downloads.RIGHT, "")], "silence": 1.0, "size": 40 * MIB, "pulled": 40 * MIB,
            "served": 40 * MIB, "connections": {"m1": (1, 1), "m2": (1, 1)}, "met": {"m1", "m2"},
            "innocent": set(), "blamed": {"m1": {"mirror"}}, "wall_requests": 0}
    return verdict.Facts(**{**told, **more})


class Judgement(unittest.TestCase):
    case = rows.NAMED["reset-half"]

    def reasons(self, case=None, mirrors=3, faulty=("m1",), **more):
        return list(verdict.judge(case or self.case, mirrors, list(faulty), facts(**more)))

    def test_is_green_where_all_is_well(self):
        self.assertEqual([], self.reasons())

    def test_is_red_for_each_broken_promise(self):
        failed = [downloads.Run("1", downloads.NONE, "")]
        for word, more in {
                "wrong bytes": {"runs": [downloads.Run("0", downloads.WRONG, "")]},
                "hangs": {"runs": [downloads.Run("hangs", downloads.NONE, "")]},
                "silent": {"silence": 15.0},
                "should succeed": {"runs": failed},
                "pulled 1.50": {"pulled": 60 * MIB},
                "connections to m2": {"connections": {"m2": (51, 1)}},
                "m2 is blamed and innocent": {"blamed": {"m1": {"mirror"}, "m2": {"policy"}}},
                "m1 is charged with integrity": {"blamed": {"m1": {"mirror", "integrity"}}},
                "m1 is guilty and not blamed": {"blamed": {"m1": {"object"}}}}.items():
            with self.subTest(word):
                self.assertIn(word, "; ".join(self.reasons(**more)))

    def test_blames_nobody_for_what_was_never_asked(self):
        self.assertEqual([], self.reasons(met={"m2"}, blamed={}))

    def test_knows_who_was_never_asked_for_the_byte_that_it_flips(self):
        flip = rows.NAMED["flip-middle"]
        self.assertEqual({"m1": 20 * MIB}, flip.flipped(["m1"], 40 * MIB))
        self.assertEqual({"m1": 40 * MIB - 100}, rows.NAMED["flip-tail"].flipped(["m1"], 40 * MIB))
        self.assertEqual({"m2": 30 * MIB}, rows.NAMED["lie-after-cut"].flipped(["m1"], 40 * MIB))
        self.assertEqual([], self.reasons(flip, innocent={"m1"}, blamed={}))
        self.assertIn("never sent", "; ".join(self.reasons(flip, innocent={"m1"}, blamed={"m1": {"integrity"}})))

    def test_asks_for_no_blame_of_what_was_never_whole(self):
        lie = rows.NAMED["other-file"]
        left = {"runs": [downloads.Run("1", downloads.NONE, "")], "blamed": {}, "met": {"m1"}}
        self.assertNotIn("m1 is guilty", "; ".join(self.reasons(lie, mirrors=1, pulled=20 * MIB, **left)))
        self.assertIn("m1 is guilty", "; ".join(self.reasons(lie, mirrors=1, pulled=40 * MIB, **left)))

    def test_allows_a_second_run_and_a_body_for_a_lie_only(self):
        twice = [downloads.Run("1", downloads.NONE, ""), downloads.Run("0", downloads.RIGHT, "")]
        lie = {"runs": twice, "pulled": 80 * MIB, "blamed": {"m1": {"integrity"}}}
        self.assertEqual([], self.reasons(rows.NAMED["flip-tail"], **lie))
        self.assertIn("pulled 2.00", "; ".join(self.reasons(rows.NAMED["flip-tail"], **{**lie, "met": {"m2"}})))
        self.assertIn("should succeed", self.reasons(runs=twice))

    def test_wants_a_small_lie_found_before_the_first_byte(self):
        case = rows.NAMED["flip-tail"]
        self.assertEqual((cases.SUCCEEDS, cases.CUT), (case.expected(3, 50 << 10), case.expected(3, 40 * MIB)))
        self.assertEqual(cases.CUT, rows.NAMED["kill-9"].expected(3, 50 << 10))

    def test_wants_an_error_where_nobody_can_serve(self):
        self.assertEqual(["should fail"], self.reasons(rows.NAMED["refused"], mirrors=1, met=set(), blamed={}))

    def test_counts_a_visit_to_the_wall(self):
        case = rows.NAMED["https-to-http"]
        self.assertIn("went where it must not go", self.reasons(case, wall_requests=1))


class Blame(unittest.TestCase):
    mirrors = [farm.Mirror("m1", "http://127.0.0.11:1000/simple/", False, True),
               farm.Mirror("m2", "https://127.0.0.12:2000/simple/", True, False)]

    def test_is_read_off_the_log(self):
        log = ("x relay: pypi/f at byte 0: http://127.0.0.11:1000/packages/f: 403 (does not want to serve us)\n"
               "x relay: pypi/f at byte 9: https://127.0.0.12:2000/packages/f: 404 (does not have it)\n"
               "x relay: pypi/f at byte 9: http://127.0.0.11:1000/packages/f: no byte for 4000 ms\n"
               "x relay: pypi/f at byte 9: http://127.0.0.13:9/packages/f: status 500\n"
               "x relay: pypi/f: wrong bytes from http://127.0.0.11:1000/simple/, https://127.0.0.12:2000/simple/: sha256\n")
        self.assertEqual({"m1": {"policy", "mirror", "integrity"}, "m2": {"object", "integrity"}, "wall": {"mirror"}},
                         station.from_log(log, self.mirrors))

    def test_is_read_off_the_published_list(self):
        none = {"object": 0, "mirror": 0, "policy": 0, "integrity": 0}
        published = [{"endpoint": "http://127.0.0.11:1000", "blamed": {**none, "object": 1, "policy": 2}},
                     {"endpoint": "https://127.0.0.12:2000", "blamed": none}]
        self.assertEqual({"m1": {"object", "policy"}}, station.from_list(published, self.mirrors))


class Rows(unittest.TestCase):
    def test_of_ci_are_about_sixty_and_meet_every_case(self):
        found = rows.ci()
        self.assertEqual({case.name for case in cases.CASES}, {row.case.name for row in found})
        self.assertEqual(len(found), len({row.name for row in found}))
        self.assertTrue(50 <= len(found) <= 65, len(found))
        self.assertEqual(set(rows.client_names()), {row.client for row in found})

    def test_are_all_among_every(self):
        every = {row.name for row in rows.every(["50K", "40M", "600M"])}
        self.assertEqual(set(), {row.name for row in rows.ci()} - every)


class Table(unittest.TestCase):
    def test_keeps_the_rows_that_are_not_run_again(self):
        first, second = rows.ci()[:2]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "matrix.md"
            path.write_text(table.text([table.Result(first, facts()), table.Result(second, facts(), ["went wrong"])],
                                       "matrix.py", 60), encoding="utf-8")
            former = table.read(path)
            self.assertEqual([True, False], [table.is_ok(former[row.name]) for row in (first, second)])
            again = table.text([table.Result(second, facts())], "matrix.py --again", 60, former)
        self.assertIn("2 passed, 0 failed, 0 skipped; rows that were red have been run again", again)
        self.assertNotIn("went wrong", again)


class Moods(unittest.TestCase):
    names = ["m1", "m2", "m3"]

    def test_are_the_same_for_the_same_seed(self):
        self.assertEqual(moods.plan(self.names, 60, 40, 1), moods.plan(self.names, 60, 40, 1))
        self.assertNotEqual(moods.plan(self.names, 60, 40, 1), moods.plan(self.names, 60, 40, 2))

    def test_leave_one_fast_and_the_root_alive(self):
        now = dict.fromkeys(self.names, "fast")
        for change in moods.plan(self.names, 600, 400, 1):
            now[change.mirror] = change.mood
            self.assertIn("fast", now.values())
            self.assertIn(now["m1"], moods.OF_ROOT)


if __name__ == "__main__":
    unittest.main()
