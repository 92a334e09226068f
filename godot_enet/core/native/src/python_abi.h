/* CPython's stable ABI as far as the files of hot.h use it, without Python's headers and without its library.
 *
 * The functions are pointers, filled in by python_resolve() with addresses that the loader found in the running
 * interpreter. So the library has no undefined symbol: it builds without Python and loads anywhere, and one build
 * serves every CPython from 3.10 on, on Windows and macOS too, whose linkers would want an import library.
 *
 * The pointers have the names of Python's functions, and must not be visible outside the library: the dynamic linker
 * would take the interpreter's functions for them. One file, hot_types.c, defines them: GDE_PYTHON_ABI_HERE. */
#ifndef GDE_PYTHON_ABI_H
#define GDE_PYTHON_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "python_list.h"

#if defined(_WIN32)
#define GDE_HIDDEN
#else
#define GDE_HIDDEN __attribute__((visibility("hidden")))
#endif

typedef ptrdiff_t Py_ssize_t;
typedef struct _typeobject PyTypeObject;
typedef struct _ts PyThreadState;

#define FIELD(record, type, name) type name;
typedef struct {
    PYTHON_OBJECT(FIELD)
} PyObject;
#define POINTER(result, name, arguments) typedef result(*name) arguments;
PYTHON_CALLBACKS(POINTER)
#undef POINTER
typedef struct {
    PYTHON_METHOD_DEF(FIELD)
} PyMethodDef;
typedef struct {
    PYTHON_GET_SET_DEF(FIELD)
} PyGetSetDef;
typedef struct {
    PYTHON_MEMBER_DEF(FIELD)
} PyMemberDef;
typedef struct {
    PYTHON_TYPE_SLOT(FIELD)
} PyType_Slot;
typedef struct {
    PYTHON_TYPE_SPEC(FIELD)
} PyType_Spec;
#undef FIELD

#define CONSTANT(name, value) name = value,
enum { PYTHON_CONSTANTS(CONSTANT) };
#undef CONSTANT

#define POINTER(result, name, arguments) extern GDE_HIDDEN result(*name) arguments;
PYTHON_FUNCTIONS(POINTER)
#undef POINTER

/* Objects of Python's own: see gde_hot_types. */
/* clang-format off */
#define PYTHON_OBJECTS(X)                                                                                    \
    X(PyObject *, Py_None) X(PyTypeObject *, PyType_Type) X(PyTypeObject *, PyLong_Type)                     \
    X(PyTypeObject *, PyBytes_Type) X(PyTypeObject *, PyTuple_Type) X(PyTypeObject *, PyList_Type)           \
    X(PyTypeObject *, PyDict_Type) X(PyTypeObject *, PySuper_Type) X(PyObject *, PyExc_TypeError)            \
    X(PyObject *, PyExc_ValueError) X(PyObject *, PyExc_OSError) X(PyObject *, PyExc_StopIteration)
/* clang-format on */
#define OBJECT(type, name) extern GDE_HIDDEN type name;
PYTHON_OBJECTS(OBJECT)
#undef OBJECT

#ifdef GDE_PYTHON_ABI_HERE
#define POINTER(result, name, arguments) result(*name) arguments;
PYTHON_FUNCTIONS(POINTER)
#undef POINTER
#define OBJECT(type, name) type name;
PYTHON_OBJECTS(OBJECT)
#undef OBJECT

#define NAME(result, name, arguments) #name,
static const char *const python_names[] = {PYTHON_FUNCTIONS(NAME) NULL};
#undef NAME

/* From addresses in the order of python_names. */
static void python_resolve(const void *const *addresses) {
#define PLACE(result, name, arguments) &name,
    void *const places[] = {PYTHON_FUNCTIONS(PLACE)};
#undef PLACE
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) memcpy(places[i], &addresses[i], sizeof *addresses);
}
#endif

#define PyObject_HEAD PyObject ob_base;
#define Py_TYPE(object) (((PyObject *)(object))->ob_type)
#define Py_REFCNT(object) (((PyObject *)(object))->ob_refcnt)
/* Always by call: how references are counted differs between versions (PEP 683). */
#define Py_INCREF(object) Py_IncRef((PyObject *)(object))
#define Py_DECREF(object) Py_DecRef((PyObject *)(object))
#define Py_XINCREF(object)             \
    do {                               \
        if (object) Py_INCREF(object); \
    } while (0)
#define Py_XDECREF(object)             \
    do {                               \
        if (object) Py_DECREF(object); \
    } while (0)
#define Py_CLEAR(place)                          \
    do {                                         \
        PyObject *cleared = (PyObject *)(place); \
        (place) = NULL;                          \
        Py_XDECREF(cleared);                     \
    } while (0)
#define Py_VISIT(object)                                 \
    do {                                                 \
        if (object) {                                    \
            int stop = visit((PyObject *)(object), arg); \
            if (stop) return stop;                       \
        }                                                \
    } while (0)

static inline PyObject *python_new_reference(PyObject *object) {
    Py_IncRef(object);
    return object;
}
#define Py_RETURN_NONE return python_new_reference(Py_None)
#define Py_BEGIN_ALLOW_THREADS \
    {                          \
        PyThreadState *thread_state = PyEval_SaveThread();
#define Py_END_ALLOW_THREADS            \
    PyEval_RestoreThread(thread_state); \
    }

#define PyBytes_CheckExact(object) (Py_TYPE(object) == PyBytes_Type)
#define PyLong_CheckExact(object) (Py_TYPE(object) == PyLong_Type)
#define PyObject_TypeCheck(object, type) PyType_IsSubtype(Py_TYPE(object), type)
#define PyType_Check(object) PyObject_TypeCheck(object, PyType_Type)
#define PyList_Check(object) PyObject_TypeCheck(object, PyList_Type)
#define PyDict_Check(object) PyObject_TypeCheck(object, PyDict_Type)

#endif
