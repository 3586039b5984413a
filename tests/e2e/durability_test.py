"""Ten cycles of kill -9 under writes, deletes and compactions; ./dev torture runs more."""

import os
import time
import unittest

from torture import torture

BUILD = os.environ["TEST_BUILD"]


class Durability(unittest.TestCase):
    def test_kill_9_under_load(self):
        seed = int(time.time())
        print("seed", seed)
        self.assertEqual(torture(BUILD, 10, seed), [])


if __name__ == "__main__":
    unittest.main()
