"""Filters of every kind, and what default managers add to them."""
import contextlib

from bulk_sync import bulk_sync
from django.db import ProgrammingError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from .models import Company, CountedCompany, Desk, Employee, GroupedCompany, Member, Office, Ordered

EVERYBODY = {"Ann": 30, "Ben": 30, "Cleo": 30}


class Scopes(TestCase):
    """Ann and Ben are here, Cleo is there."""

    def setUp(self):
        self.here, self.there = (Company.objects.create(name=name) for name in ("here", "there"))
        for name, company in (("Ann", self.here), ("Ben", self.here), ("Cleo", self.there)):
            Employee.objects.create(name=name, age=30, company=company)

    @contextlib.contextmanager
    def tried(self, filters):
        """Runs what is inside, and undoes it."""
        with self.subTest(filters=filters), transaction.atomic():
            yield
            transaction.set_rollback(True)

    def sync(self, filters, *names, company=None, **options):
        """The rows created, updated and deleted. Whoever is named is 31 from now on."""
        objects = [Employee(name=name, age=31, company=company or self.here) for name in names]
        return tuple(bulk_sync(objects, ["name"], filters, db_class=Employee, **options)["written"].values())

    def ages(self):
        return dict(Employee.objects.values_list("name", "age"))

    def test_everything(self):
        for filters in (None, [], Q(), ~Q(pk__in=[]), Q(name="Ann") | ~Q(pk__in=[])):
            with self.tried(filters):
                self.assertEqual(self.sync(filters, "Ann", "Emil"), (1, 1, 2))

    def test_nothing(self):
        """A filter that no row can pass."""
        for filters in (Q(pk__in=[]), Q(pk__in=Employee.objects.none()), Q(pk__in=[]) & Q(company=self.here)):
            with self.tried(filters):
                self.assertEqual((self.sync(filters), self.ages()), ((0, 0, 0), EVERYBODY))
                with self.assertRaisesRegex(ProgrammingError, "scope"):
                    self.sync(filters, "Ann")
                self.assertEqual(self.sync(filters, "Ann", allow_out_of_scope=True), (1, 0, 0))

    def test_one_table(self):
        for filters in (
            Q(company=self.here),
            Q(company_id__in=[self.here.pk, -1]),
            Q(company__id=self.here.pk),
            Q(company__in=Company.objects.filter(name="here")),
            Q(name__in=["Ann", "Ben", "Emil"]),
            ~Q(name="Cleo"),
            Q(name__iendswith="n") | Q(name__startswith="E"),
            Q(name__lt="C", age__gte=30) | Q(name__regex="^E"),
            Q(company__lte=F("company_id"), company=self.here),
            Q(Exists(Company.objects.filter(pk=OuterRef("company_id"), name="here"))),
        ):
            with self.tried(filters):
                self.assertEqual(self.sync(filters, "Ann", "Emil"), (1, 1, 1))
                self.assertEqual(self.ages(), {"Ann": 31, "Emil": 31, "Cleo": 30})

    def test_relations(self):
        for filters in (
            Q(company__name="here"),
            Q(company__name__startswith="h", age__gt=20),
            ~Q(company__name="there"),
            Q(company__employee__name="Ann") & Q(name__isnull=False),
            Exists(Employee.objects.filter(pk=OuterRef("pk"), company__name="here")),
        ):
            with self.tried(filters):
                objects = [Employee(name=name, age=31, company=self.here) for name in ("Ann", "Emil")]
                result = bulk_sync(objects, ["name"], filters)
                self.assertEqual(result["written"], {"created": 1, "updated": 1, "deleted": 1})
                self.assertEqual(self.ages(), {"Ann": 31, "Emil": 31, "Cleo": 30})
                self.assertEqual(objects[1].pk, Employee.objects.get(name="Emil").pk)

    def test_relations_with_many_rows(self):
        """A row that a join yields more than once is one row."""
        office = Office.objects.create(id="o")
        for person in Employee.objects.filter(company=self.here):
            Desk.objects.create(office=office, employee=person)
            Desk.objects.create(office=office, employee=person)
        people = list(Employee.objects.filter(company=self.here))
        result = bulk_sync(people, ["name"], Q(desk__office="o"))
        self.assertEqual(result["stats"], {"created": 0, "updated": 2, "deleted": 0})
        self.assertEqual(result["written"], {"created": 0, "updated": 0, "deleted": 0})

    def test_out_of_scope(self):
        """Such a row would be created again each time."""
        for filters in (Q(company=self.here), Q(company__name="here"), Q(pk__gt=0, company__name="here")):
            for name in ("Ann", "Emil"):  # Ann would leave it
                with self.tried(filters):
                    with self.assertRaisesRegex(ProgrammingError, "scope"):
                        self.sync(filters, name, company=self.there)
                    self.assertEqual(self.ages(), EVERYBODY)
            with self.tried(filters):
                created = Employee(name="Emil", age=1, company=self.there)
                bulk_sync([created], ["name"], filters, allow_out_of_scope=True)
                self.assertEqual(created.pk, Employee.objects.get(name="Emil").pk)
                self.assertEqual(self.ages(), {"Cleo": 30, "Emil": 1})

    def test_primary_keys(self):
        ann = Employee.objects.get(name="Ann")
        with self.tried("in"):
            self.assertEqual(self.sync(Q(pk__in=[ann.pk]), "Ann"), (0, 1, 0))
        with self.tried("from"):
            self.assertEqual(self.sync(Q(pk__gte=ann.pk), "Ann", "Emil"), (1, 1, 2))
        with self.tried("to"):
            with self.assertRaisesRegex(ProgrammingError, "scope: Emil"):
                self.sync(Q(pk__lte=ann.pk), "Ann", "Emil")
            self.assertEqual(self.ages(), EVERYBODY)

    def test_dry_run(self):
        for filters in (Q(company=self.here), Q(company__name="here")):
            with self.tried(filters):
                self.assertEqual(self.sync(filters, "Ann", "Emil", dry_run=True), (1, 1, 1))
                self.assertEqual(self.ages(), EVERYBODY)


class Managers(TestCase):
    """What the default manager hides is not in scope, as everywhere in Django."""

    def test_hidden_rows(self):
        hidden = Member.everyone.create(name="Ann", active=False)
        Member.everyone.create(name="Ben")
        for created, deleted in ((1, 1), (0, 0)):
            ann = Member(name="Ann")
            result = bulk_sync([ann], ["name"], None)
            self.assertEqual(result["written"], {"created": created, "updated": 0, "deleted": deleted})
        self.assertNotEqual(ann.pk, hidden.pk)
        rows = list(Member.everyone.order_by("pk").values_list("name", "active"))
        self.assertEqual(rows, [("Ann", False), ("Ben", False), ("Ann", True)])

    def test_order(self):
        """Meta.ordering may need other tables, and the scope does not."""
        company = Company.objects.create(name="c")
        Ordered.objects.create(name="a", company=company)
        objects = [Ordered(name="a"), Ordered(name="b", company=company)]
        with CaptureQueriesContext(connection) as statements:
            result = bulk_sync(objects, ["name"], Q(name__in="ab"))
        self.assertEqual(result["written"], {"created": 1, "updated": 1, "deleted": 0})
        self.assertNotIn("IN (SELECT", "".join(query["sql"] for query in statements))

    def test_annotations(self):
        small, big = (Company.objects.create(name=name) for name in ("small", "big"))
        Employee.objects.create(name="a", age=1, company=big)
        Employee.objects.create(name="b", age=1, company=big)
        for filters, found in (
            (Q(length=5), "small"),
            (Q(staff__gt=1), "big"),
            (Q(staff=0), "small"),
            (Q(staff=7), None),
        ):
            objects = [CountedCompany(name=name) for name in ("small", "big")]
            result = bulk_sync(objects, ["name"], filters, dry_run=True, allow_out_of_scope=True)
            self.assertEqual(result["written"]["created"], 1 if found else 2)
            result = bulk_sync(objects, ["name"], filters, skip_creates=True, skip_deletes=True)
            self.assertEqual([company.name for company in objects if company.pk], [found] if found else [])
        self.assertEqual(small.pk + 1, big.pk)

    def test_groups(self):
        Company.objects.create(name="a")
        for filters, expected in ((Q(rows=1), (0, 0, 1)), (Q(rows__gt=1), (0, 0, 0))):
            result = bulk_sync(GroupedCompany.objects.none(), ["name"], filters, dry_run=True)
            self.assertEqual(tuple(result["written"].values()), expected)
