"""The API version of each service that the tests call, as the SDK has it."""

VERSIONS = {
    "vpc": "2017-03-12",
    "cvm": "2017-03-12",
    "sts": "2018-08-13",
    "tdmq": "2020-02-17",
    "scf": "2018-04-16",
    "eb": "2021-04-16",
    "cam": "2019-01-16",
    "cls": "2020-10-16",
    "cloudaudit": "2019-03-19",
    "monitor": "2018-07-24",
}
