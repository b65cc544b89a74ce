"""How calls are made: transactions, databases, kinds of lists, options, deletes that are Django's, and errors."""
import threading

from bulk_sync import bulk_sync
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, connections, transaction
from django.db.models import Q
from django.db.models.deletion import ProtectedError
from django.db.models.signals import post_delete, pre_delete
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext, override_settings

from .models import Badge, Company, Contractor, Employee, Folder, Member, Office, Project, Report, Task, Token


def tokens(*names, value=0):
    return [Token(name=name, value=value) for name in names]


class OtherDatabase:
    """A router."""

    def db_for_write(self, model, **hints):
        return "other"


class Calls(TestCase):
    databases = {"default", "other"}

    def names(self):
        return sorted(Token.objects.values_list("name", flat=True))

    def test_lists(self):
        for kind in (
            list,
            tuple,
            iter,
            lambda objects: (token for token in objects),
            lambda objects: map(lambda o: o, objects),
        ):
            bulk_sync(kind(tokens("a", "b")), iter(["name"]), None, exclude_fields=iter(["value"]))
            self.assertEqual(self.names(), ["a", "b"])
        bulk_sync(Token.objects.filter(name="a"), {"name": 1}.keys(), None)
        self.assertEqual(self.names(), ["a"])
        with self.assertRaises(RuntimeError):
            bulk_sync(iter([]), ["name"], None)
        bulk_sync((token for token in ()), ["name"], None, db_class=Token)
        self.assertEqual(self.names(), [])

    def test_generator_that_uses_the_database(self):
        def from_the_other_table():
            for token in tokens("a", "b"):
                bulk_sync([Company(name=token.name)], ["name"], None)
                yield token

        bulk_sync(from_the_other_table(), ["name"], None)
        self.assertEqual(self.names(), ["a", "b"])

    def test_batches(self):
        names = [f"{number:04}" for number in range(2500)]
        for batch_size in (1, 7, 2500, None, 10000):
            Token.objects.filter(name__gte="1000").delete()
            objects = tokens(*(names if batch_size != 1 else names[:50]))
            bulk_sync(objects, ["name"], None, batch_size)
            self.assertEqual(
                {str(token.pk): token.name for token in objects}, {str(t.pk): t.name for t in Token.objects.all()}
            )
        for batch_size in (0, -1):
            with self.assertRaises(ValueError):
                bulk_sync(tokens("a"), ["name"], None, batch_size)
        self.assertEqual(Token.objects.count(), 2500)

    def test_each_object_gets_its_own_key(self):
        old = [Company.objects.create(name=str(number)) for number in range(20)]
        objects = [Company(name=str(number)) for number in (25, 3, 40, 19, 0, 30)]
        bulk_sync(objects, ["name"], None)
        expected = {company.name: company.pk for company in Company.objects.all()}
        self.assertEqual({company.name: company.pk for company in objects}, expected)
        self.assertEqual(objects[1].pk, old[3].pk)

    def test_statements(self):
        """The number of statements does not depend on the number of rows."""
        counts = []
        for number in (3, 300):
            Token.objects.all().delete()
            with CaptureQueriesContext(connection) as statements:
                bulk_sync(tokens(*map(str, range(number))), ["name"], None)
            counts.append(len(statements))
        self.assertEqual(counts[0], counts[1])

    def test_databases(self):
        bulk_sync(tokens("a"), ["name"], None, using="other")
        self.assertEqual((self.names(), Token.objects.using("other").count()), ([], 1))
        with override_settings(DATABASE_ROUTERS=[f"{__name__}.OtherDatabase"]):
            token = tokens("b")[0]
            bulk_sync([token], ["name"], Q(value=0))
            self.assertEqual(token._state.db, "other")
        self.assertEqual([token.name for token in Token.objects.using("other").all()], ["b"])
        self.assertEqual(self.names(), [])

    def test_options(self):
        bulk_sync(tokens("a", "b"), ["name"], None)
        for options in ({"max_deletes": 1}, {"max_delete_ratio": 0.5}, {"allow_empty": False}):
            with self.assertRaises(OperationalError):
                bulk_sync([], ["name"], None, db_class=Token, **options)
        self.assertEqual(self.names(), ["a", "b"])
        with self.assertRaises(ProgrammingError):
            bulk_sync(tokens("a"), ["name"], None, max_deletions=1)
        with self.assertRaises(ProgrammingError):
            bulk_sync(tokens("a"), ["name"], None, **{"dry_run => true, verbose": False})
        with self.assertRaises(TypeError):
            bulk_sync(tokens("a"), ["name"], None, columns=["value"])
        for ignored in ("value",), {"value"}, ["value"]:
            result = bulk_sync(tokens("a", "b", value=2), ["name"], None, ignore_columns=ignored, lock="table")
            self.assertEqual(result["stats"], {"created": 0, "updated": 2, "deleted": 0})
            self.assertEqual(result["written"]["updated"], 0)

    def test_update_when(self):
        bulk_sync(tokens("a", "b", value=1), ["name"], None)
        objects = [*tokens("a", "c", value=0), *tokens("b", value=2)]
        result = bulk_sync(objects, ["name"], None, update_when="new.value > old.value")
        self.assertEqual(result["stats"], {"created": 1, "updated": 2, "deleted": 0})
        self.assertEqual(result["written"], {"created": 1, "updated": 1, "deleted": 0})
        self.assertEqual(dict(Token.objects.values_list("name", "value")), {"a": 1, "b": 2, "c": 0})
        self.assertEqual({str(token.pk) for token in objects}, {str(token.pk) for token in Token.objects.all()})

    def test_dry_run(self):
        ann = Company.objects.create(name="a")
        Company.objects.create(name="b")
        objects = [Company(name="a"), Company(name="c")]
        result = bulk_sync(objects, ["name"], None, dry_run=True)
        self.assertEqual(result["stats"], {"created": 1, "updated": 1, "deleted": 1})
        self.assertEqual([company.pk for company in objects], [None, None])
        self.assertEqual(list(Company.objects.order_by("pk").values_list("name", flat=True)), ["a", "b"])
        self.assertEqual(ann.name, "a")

    def test_duplicates(self):
        with self.assertRaisesRegex(ProgrammingError, "same key"):
            bulk_sync(tokens("a", "a"), ["name"], None)
        for token in tokens("b", "b"):
            token.save()
        with self.assertRaisesRegex(ProgrammingError, "several rows in scope"):
            bulk_sync(tokens("b"), ["name"], None)
        self.assertEqual(self.names(), ["b", "b"])

    def test_nested_transactions(self):
        """An error undoes its own call, and the transaction goes on."""
        with transaction.atomic():
            bulk_sync(tokens("a"), ["name"], None)
            for _ in range(2):
                with self.assertRaises(ProgrammingError):
                    bulk_sync(tokens("b", "b"), ["name"], None)
            bulk_sync(tokens("a", "c"), ["name"], None)
        self.assertEqual(self.names(), ["a", "c"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'bulk_sync_rows%'")
            self.assertEqual(cursor.fetchall(), [])


class DjangosDeletes(TestCase):
    """Where Django has something to do for a delete, it does."""

    def setUp(self):
        self.kept, self.gone = (Project.objects.create(name=name) for name in ("kept", "gone"))
        Task.objects.create(name="of the one kept", project=self.kept)
        self.task = Task.objects.create(name="of the one gone", project=self.gone)

    def sync(self, **options):
        objects = [Project(name="kept", budget=5), Project(name="new")]
        return bulk_sync(objects, ["name"], None, **options), set(Project.objects.values_list("name", flat=True))

    def test_cascade(self):
        result, names = self.sync()
        self.assertEqual(result["stats"], {"created": 1, "updated": 1, "deleted": 1})
        self.assertEqual(names, {"kept", "new"})
        self.assertEqual(list(Task.objects.values_list("name", flat=True)), ["of the one kept"])

    def test_child_that_moves(self):
        """What goes goes last, when its children have other parents."""
        root, gone = Folder.objects.create(name="root"), Folder.objects.create(name="gone")
        child = Folder.objects.create(name="child", parent=gone)
        Folder.objects.create(name="lost", parent=gone)
        moved = Folder(name="child", parent=root)
        result = bulk_sync([Folder(name="root"), moved], ["name"], ~Q(name="lost"))
        self.assertEqual(result["written"], {"created": 0, "updated": 1, "deleted": 1})
        self.assertEqual(set(Folder.objects.values_list("pk", "parent")), {(root.pk, None), (child.pk, root.pk)})

    def test_soft_delete(self):
        """Nothing is deleted, so there is nothing for Django to do."""
        result, names = self.sync(soft_delete="closed_at")
        self.assertEqual((result["written"]["deleted"], names), (1, {"kept", "gone", "new"}))
        self.assertIsNotNone(Project.objects.get(name="gone").closed_at)
        self.assertEqual(Task.objects.count(), 2)

    def test_protect(self):
        Report.objects.create(project=self.gone)
        with self.assertRaises(ProtectedError):
            self.sync()
        self.assertEqual(set(Project.objects.values_list("name", "budget")), {("kept", 0), ("gone", 0)})
        self.assertEqual(self.sync(skip_deletes=True)[1], {"kept", "gone", "new"})

    def test_guards(self):
        with self.assertRaises(OperationalError):
            self.sync(max_deletes=0)
        self.assertEqual(Project.objects.count(), 2)
        result, names = self.sync(dry_run=True)
        self.assertEqual((result["written"]["deleted"], names), (1, {"kept", "gone"}))

    def test_signals(self):
        heard = []

        def hear(instance, signal, **_):
            heard.append((instance.name, signal is pre_delete))
            bulk_sync(tokens(instance.name), ["name"], None)  # a call within a call

        for signal in (pre_delete, post_delete):
            signal.connect(hear, Contractor)
            self.addCleanup(signal.disconnect, hear, Contractor)
        company = Company.objects.create(name="c")
        Contractor.objects.create(name="Ann", age=1, company=company)
        bulk_sync([Contractor(name="Ben", age=1, company=company)], ["name"], None)
        self.assertEqual(heard, [("Ann", True), ("Ann", False)])
        self.assertEqual(Token.objects.get().name, "Ann")

    def test_own_delete(self):
        Member.objects.create(name="a")
        result = bulk_sync(Member.objects.none(), ["name"], None)
        self.assertEqual(result["stats"]["deleted"], 1)
        self.assertEqual(Member.everyone.get().active, False)

    def test_none_of_this_where_the_server_can(self):
        """One call for a table that nothing refers to."""
        company = Company.objects.create(name="c")
        Contractor.objects.create(name="a", age=1, company=company)
        for model, calls in ((Contractor, 1), (Project, 2)):
            with CaptureQueriesContext(connection) as statements:
                bulk_sync(model.objects.none(), ["name"], None)
            self.assertEqual(sum("bulk_sync_returning" in query["sql"] for query in statements.captured_queries), calls)


class Commits(TransactionTestCase):
    """What only a transaction that ends can show."""

    def test_without_a_transaction(self):
        for names in ("ab", "bc"):
            bulk_sync(tokens(*names), ["name"], None)
        self.assertEqual(set(Token.objects.values_list("name", flat=True)), {"b", "c"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'bulk_sync_rows%'")
            self.assertEqual(cursor.fetchall(), [])

    def test_error_leaves_nothing(self):
        bulk_sync(tokens("a"), ["name"], None)
        company = Company(pk=-1)
        person = Employee(name="a", age=1, company=company)
        with self.assertRaises(IntegrityError):  # the foreign key is checked at the end
            bulk_sync([person], ["name"], None)
        self.assertEqual((Employee.objects.count(), Token.objects.count()), (0, 1))
        bulk_sync(tokens("b"), ["name"], None)

    def waits(self, *arguments, **options):
        """Would this call have to wait, made by another session?"""
        outcome = []

        def call():
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '200ms'")
                outcome.append(bulk_sync(*arguments, **options))
            except OperationalError as error:
                outcome.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return isinstance(outcome[0], OperationalError)

    def test_select_for_update_of(self):
        """It waits for whoever has a row that would not be changed."""
        Office.objects.create(id="a")
        with transaction.atomic():
            list(Office.objects.select_for_update())
            self.assertFalse(self.waits([Office(id="a")], ["id"], None))
            self.assertTrue(self.waits([Office(id="a")], ["id"], None, select_for_update_of=["self"]))

    def test_side_by_side(self):
        """The server sees which column a filter fixes, so imports of two companies do not wait for one another."""
        one, other = Company.objects.create(name="one"), Company.objects.create(name="other")
        with transaction.atomic():
            bulk_sync([Badge(company=one, name="a")], ["name"], Q(company=one))
            self.assertFalse(self.waits([Badge(company=other, name="a")], ["name"], Q(company_id=other.pk)))
            self.assertTrue(self.waits([Badge(company=one, name="b")], ["name"], Q(company=one)))
