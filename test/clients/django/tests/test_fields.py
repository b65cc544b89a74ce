"""Models of every kind: what their fields make of values, where their columns are, and which primary keys they have."""
import datetime
import decimal
import uuid
from unittest import skipUnless

import django
from bulk_sync import bulk_sync
from django.db import DataError, NotSupportedError, connection, models
from django.db.models import F, Q, Value
from django.db.models.functions import Now, Upper
from django.test import TestCase

from . import models as tested
from .models import Coded, Colour, Company, Employee, Everything, NamedPlace, OddlyNamed, Part, Passport, Place
from .models import Restaurant, RestaurantProxy, Stamped, Token

VALUES = {
    "number": decimal.Decimal("12.50"),
    "fraction": 0.1,
    "big": 2**62,
    "flag": True,
    "day": datetime.date(2026, 2, 28),
    "moment": datetime.datetime(2026, 2, 28, 12, 30, 0, 123456, tzinfo=datetime.timezone.utc),
    "time": datetime.time(23, 59, 59),
    "span": datetime.timedelta(days=3, seconds=1),
    "unique_id": uuid.UUID(int=5),
    "data": {"a": [1, None, "%s"], "ü": {}},
    "numbers": [1, None, 3],
    "words": [["a", "b,c"], ['"', "{}"]],
    "raw": b"\x00\xff%s",
    "address": "::1",
    "colour": Colour(1, 171, 255),
}


def written(created=0, updated=0, deleted=0):
    return {"created": created, "updated": updated, "deleted": deleted}


class Values(TestCase):
    def sync(self, *objects, keys=("name",), **options):
        return bulk_sync(objects, keys, None, **options)["written"]

    def test_all_kinds(self):
        self.assertEqual(self.sync(Everything(name="full", **VALUES), Everything(name="empty")), written(2))
        full, empty = Everything.objects.get(name="full"), Everything.objects.get(name="empty")
        for name, value in VALUES.items():
            stored = getattr(full, name)
            self.assertEqual(bytes(stored) if name == "raw" else stored, value, name)
            if name != "colour":
                self.assertIsNone(getattr(empty, name), name)
        with connection.cursor() as cursor:
            cursor.execute("SELECT colour FROM tests_everything WHERE name = 'full'")
            self.assertEqual(cursor.fetchone(), ("#01ABFF",))  # get_db_prep_save was asked

    def test_rows_saved_by_django_are_unchanged(self):
        Everything.objects.create(name="full", **VALUES)
        Everything.objects.create(name="empty")
        self.assertEqual(self.sync(Everything(name="full", **VALUES), Everything(name="empty")), written())

    def test_each_field_that_differs_is_seen(self):
        Everything.objects.create(name="full", **VALUES)
        for name in VALUES:
            values = {**VALUES, name: Colour(0, 0, 0) if name == "colour" else None}
            self.assertEqual(self.sync(Everything(name="full", **values)), written(updated=1), name)
            self.assertEqual(self.sync(Everything(name="full", **VALUES)), written(updated=1), name)

    def test_each_kind_as_key(self):
        for name, value in VALUES.items():
            if name == "words":  # not so long a list of cases that each needs its own
                continue
            Everything.objects.all().delete()
            row, other = Everything(name="a", **{name: value}), Everything(name="b")
            self.assertEqual(self.sync(row, other, keys=[name]), written(2), name)
            again = Everything(name="c", **{name: value})
            self.assertEqual(self.sync(again, Everything(name="b"), keys=[name]), written(updated=1), name)
            self.assertEqual(again.pk, row.pk, name)

    def test_expressions(self):
        objects = [
            Everything(name=Upper(Value("full")), number=Value(3) + Value(4), moment=Now()),
            Everything(name="null", data=Value("null", models.JSONField())),
        ]
        self.assertEqual(self.sync(*objects), written(2))
        self.assertEqual(Everything.objects.get(name="FULL").number, 7)
        self.assertTrue(Everything.objects.filter(name="null", data=Value("null", models.JSONField())).exists())
        with self.assertRaises(ValueError):
            self.sync(Everything(name="x", number=F("big")))

    def test_values_that_do_not_fit(self):
        for values in ({"name": "x" * 51}, {"name": "x", "number": decimal.Decimal(10**8)}):
            with self.assertRaises((DataError, decimal.InvalidOperation)):
                self.sync(Everything(**values))

    def test_percent_signs_and_quotes(self):
        names = ["100%", "%s", "%(a)s", "it's", '"', "\\", "a\nb"]
        self.assertEqual(self.sync(*map(lambda name: Token(name=name), names)), written(len(names)))
        for name in names:
            scope = Q(name__contains=name) & ~Q(name="z")
            result = bulk_sync([Token(name=name, value=1)], ["name"], scope, skip_deletes=True)
            self.assertEqual(result["written"], written(updated=1), name)
            result = bulk_sync([Token(name=name, value=2)], ["name"], Q(name=name))
            self.assertEqual(result["written"], written(updated=1), name)


class Stamps(TestCase):
    """Fields that the user does not edit are set in new rows, and not in others."""

    def setUp(self):
        self.old = Stamped.objects.create(name="old", hidden=1)
        Stamped.objects.update(created_at="2000-01-01T00:00Z", changed_at="2000-01-01T00:00Z")

    def stamps(self, name):
        row = Stamped.objects.get(name=name)
        return row.hidden, row.created_at.year == 2000, row.changed_at.year == 2000

    def test_not_editable(self):
        old, new = Stamped(name="old", value=5, hidden=2), Stamped(name="new", hidden=3)
        bulk_sync([old, new], ["name"], None)
        self.assertEqual(self.stamps("old"), (1, True, True))
        self.assertEqual(self.stamps("new"), (3, False, False))
        self.assertEqual(Stamped.objects.get(pk=self.old.pk).value, 5)
        self.assertIsNotNone(new.created_at)

    def test_not_editable_but_named(self):
        bulk_sync([Stamped(name="old", hidden=2)], ["name"], None, fields=["hidden"])
        self.assertEqual(self.stamps("old"), (2, True, True))

    def test_filled_by_the_server(self):
        bulk_sync([Stamped(name="new")], ["name"], None, soft_delete="left_at")
        self.assertIsNotNone(Stamped.objects.get(name="old").left_at)
        self.assertIsNone(Stamped.objects.get(name="new").left_at)
        result = bulk_sync([Stamped(name="old", value=1), Stamped(name="new")], ["name"], None, soft_delete="left_at")
        self.assertEqual(result["written"], written(updated=1))
        self.assertIsNone(Stamped.objects.get(name="old").left_at)
        for touched in ("changed_at",), {"changed_at"}:
            Stamped.objects.update(changed_at="2000-01-01T00:00Z", value=1)
            objects = [Stamped(name="old", value=2), Stamped(name="new", value=1)]
            bulk_sync(objects, ["name"], None, touch_columns=touched)
            self.assertEqual(self.stamps("old"), (1, True, False))
            self.assertEqual(self.stamps("new")[2], True)
        result = bulk_sync([Stamped(name="newer")], ["name"], None, insert_defaults={"hidden": 9}, skip_deletes=True)
        self.assertEqual(self.stamps("newer")[0], 9)


class Keys(TestCase):
    def test_uuid(self):
        old = Token.objects.create(name="old")
        same, new, chosen, none = (
            Token(name="old"),
            Token(name="new"),
            Token(name="5", pk=uuid.UUID(int=5)),
            Token(name="n"),
        )
        self.assertNotEqual(same.pk, old.pk)
        made, none.pk = new.pk, None
        self.assertEqual(bulk_sync([same, new, chosen, none], ["name"], None)["written"], written(3))
        self.assertEqual((same.pk, new.pk, chosen.pk), (old.pk, made, uuid.UUID(int=5)))
        self.assertEqual(Token.objects.get(name="n").pk, none.pk)
        self.assertIsInstance(same.pk, uuid.UUID)
        same.value = 7
        same.save()  # is an UPDATE
        self.assertEqual(Token.objects.get(name="old").value, 7)

    def test_pk_as_key(self):
        for model in (Company, Token):
            old, gone = model.objects.create(name="old"), model.objects.create(name="gone")
            same, first, second = model(pk=old.pk, name="changed"), model(name="first"), model(name="second")
            self.assertEqual(bulk_sync([same, first, second], ["pk"], None)["written"], written(2, 1, 1))
            expected = {old.pk: "changed", first.pk: "first", second.pk: "second"}
            self.assertEqual(dict(model.objects.values_list("pk", "name")), expected)
            self.assertEqual(model.objects.filter(pk=gone.pk).count(), 0)
            model.objects.create(name="later")  # is given another number
        self.assertEqual(bulk_sync(Company.objects.all(), ["id"], None)["written"], written())
        for options in ({"dry_run": True}, {"skip_creates": True}):
            objects = [*Company.objects.all(), Company(name="never")]
            bulk_sync(objects, ["pk"], None, **options)
            self.assertIsNone(objects[-1].pk)

    def test_pk_that_is_no_number(self):
        Coded.objects.create(code="a", name="a")
        a, b = Coded(code="a", name="b"), Coded(code="b", name="b")
        self.assertEqual(bulk_sync([a, b], ["code"], None)["written"], written(1, 1))
        self.assertEqual([a.pk, b.pk], ["a", "b"])
        self.assertEqual(set(Coded.objects.values_list("code", "name")), {("a", "b"), ("b", "b")})

    def test_pk_that_is_a_foreign_key(self):
        company = Company.objects.create(name="c")
        people = [Employee.objects.create(name=name, age=1, company=company) for name in "ab"]
        first, second = (Passport(employee=person, number=person.name) for person in people)
        self.assertEqual(bulk_sync([first, second], ["number"], None)["written"], written(2))
        third = Passport(employee=people[1], number="b")
        self.assertEqual(bulk_sync([first, third], ["employee"], None)["written"], written())
        self.assertEqual((third.pk, third.employee), (people[1].pk, people[1]))

    def test_parents_saved_after_they_were_set(self):
        company = Company(name="c")
        person = Employee(name="a", age=1, company=company)
        with self.assertRaises(ValueError):
            bulk_sync([person], ["name"], None)
        company.save()
        bulk_sync([person], ["name"], None)
        self.assertEqual(Employee.objects.get().company, company)

    def test_parents_from_the_same_import(self):
        """The objects of the first call, old and new ones, are what those of the second refer to."""
        old = Company.objects.create(name="old")
        companies = [Company(name="old"), Company(name="new")]
        bulk_sync(companies, ["name"], None)
        people = [Employee(name=company.name, age=1, company=company) for company in companies]
        bulk_sync(people, ["company", "name"], None)
        self.assertEqual(companies[0].pk, old.pk)
        self.assertEqual(Employee.objects.get(name="new").company.name, "new")

    def test_a_tree(self):
        root = Part.objects.create(name="root")
        Part.objects.create(name="gone", parent=root)
        leaf = Part(name="leaf", parent=root)
        self.assertEqual(bulk_sync([Part(name="root"), leaf], ["name"], None)["written"], written(1, 0, 1))
        self.assertEqual(leaf.parent_id, root.pk)


@skipUnless(django.VERSION >= (5, 2), "Django does not have such fields before 5.2")
class ComputedByTheDatabase(TestCase):
    def test_defaults_and_generated(self):
        model = tested.Computed
        old = model.objects.create(company_no=1, number=1, name="old", price=5)
        model.objects.create(company_no=1, number=2, name="gone")
        new = model(company_no=1, number=3, name="new")
        other = model(company_no=1, number=4, name="other", price=6)
        same = model(company_no=1, number=1, name="changed", price=5, made_at=old.made_at)
        for expected in (written(2, 1, 1), written()):
            result = bulk_sync([same, new, other], ["pk"], Q(company_no=1))
            self.assertEqual(result["written"], expected)
        self.assertEqual((new.price, new.double, new.made_at.year > 2000), (7, 14, True))
        self.assertEqual((other.price, other.double), (6, 12))
        self.assertEqual((same.pk, same.double), ((1, 1), 10))
        self.assertEqual(model.objects.count(), 3)

    def test_composite_primary_key_is_set(self):
        model = tested.Computed
        model.objects.create(company_no=1, number=1, name="old", price=5)
        moved = model(company_no=9, number=9, name="old", price=6)
        result = bulk_sync([moved], ["name"], None, exclude_fields=["made_at"])
        self.assertEqual(result["written"], written(updated=1))
        self.assertEqual(moved.pk, (1, 1))
        self.assertEqual(model.objects.get().price, 6)


class Tables(TestCase):
    def test_odd_names(self):
        owner = Company.objects.create(name="o")
        old = OddlyNamed.objects.create(full_name="old", order=1)
        OddlyNamed.objects.create(full_name="gone", order=1)
        same, new = OddlyNamed(full_name="old", order=2, owner=owner), OddlyNamed(full_name="new", owner=owner)
        scope = Q(order__lt=10) | Q(owner__isnull=True)
        result = bulk_sync([same, new], ["full_name"], scope, fields=["order", "owner_id"])
        self.assertEqual(result["written"], written(1, 1, 1))
        self.assertEqual(same.pk, old.pk)
        rows = set(OddlyNamed.objects.values_list("pk", "full_name", "order", "owner"))
        self.assertEqual(rows, {(old.pk, "old", 2, owner.pk), (new.pk, "new", 0, owner.pk)})
        result = bulk_sync([OddlyNamed(full_name="old")], ["full_name"], Q(owner__name="o"), exclude_fields=["owner"])
        self.assertEqual(result["written"], written(0, 1, 1))

    def test_columns_in_two_tables(self):
        Restaurant.objects.create(name="r")
        for model in (Restaurant, RestaurantProxy):
            with self.assertRaises(NotSupportedError):
                bulk_sync([], ["name"], None, db_class=model)
            with self.assertRaises(NotSupportedError):
                bulk_sync([model(name="r")], ["name"], None)
        self.assertEqual(Restaurant.objects.count(), 1)

    def test_parent_of_such_a_model(self):
        """Django takes the restaurant away with its place."""
        Restaurant.objects.create(name="gone")
        kept = Restaurant.objects.create(name="kept", stars=3)
        place, new = Place(name="kept"), Place(name="new")
        self.assertEqual(bulk_sync([place, new], ["name"], None)["written"], written(1, 0, 1))
        self.assertEqual(place.pk, kept.pk)
        self.assertEqual(list(Restaurant.objects.values_list("name", "stars")), [("kept", 3)])

    def test_columns_that_the_model_does_not_know(self):
        old = Token.objects.create(name="old")
        with connection.cursor() as cursor:
            cursor.execute("CREATE DOMAIN never_null AS integer[] NOT NULL")
            cursor.execute("ALTER TABLE tests_token ADD kept never_null DEFAULT '{1}', ADD image xml DEFAULT '<a/>'")
            cursor.execute("UPDATE tests_token SET kept = '[0:1]={2,3}'")
            same, new = Token(name="old", value=1), Token(name="new")
            self.assertEqual(bulk_sync([same, new], ["name"], None, dry_run=True)["written"], written(1, 1))
            self.assertEqual(bulk_sync([same, new], ["name"], None)["written"], written(1, 1))
            cursor.execute("SELECT name, kept::text, image::text FROM tests_token ORDER BY name DESC")
            self.assertEqual(cursor.fetchall(), [("old", "[0:1]={2,3}", "<a/>"), ("new", "{1}", "<a/>")])
        self.assertEqual(same.pk, old.pk)

    def test_triggers(self):
        """What a trigger does not let happen is not counted, and its object is not marked as stored."""
        Company.objects.create(name="old")
        with connection.cursor() as cursor:
            cursor.execute(
                """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                       RETURN CASE WHEN new.name <> 'refused' THEN new END; END $$"""
            )
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON tests_company FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        objects = [Company(name=name) for name in ("refused", "new", "old")]
        result = bulk_sync(objects, ["name"], None)
        self.assertEqual((result["stats"], result["written"]), (written(1, 1), written(1)))
        self.assertEqual([company._state.adding for company in objects], [True, False, False])
        self.assertEqual(objects[1].pk, Company.objects.get(name="new").pk)
        self.assertIsNone(objects[0].pk)

    def test_proxy(self):
        Place.objects.create(name="old")
        objects = [NamedPlace(name="old"), NamedPlace(name="new")]
        self.assertEqual(bulk_sync(objects, ["name"], None)["written"], written(1))
        self.assertEqual(Place.objects.count(), 2)
